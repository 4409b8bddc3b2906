"""What `asklake serve` holds after ten thousand questions, and after a hundred thousand.

Belongs here: asking so many, and the memory of the server's processes. Does not belong here: how fast it answers
(`bench.serving`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.askers import ask
from bench.machine import memory_mb
from bench.measure import Contender, Result, compare, in_own_process
from bench.serving import ASKED, SPANS, serving
from bench.work import make_history

QUESTIONS = (10_000, 100_000)
FRESH_EVERY = 50
"""One of so many asks about days of its own, so that plans and answers are forgotten for new ones."""


def memory(folder: Path, repeat: int, scale: float) -> Iterator[Result]:
    """Memory of the server after ten thousand questions, and after a hundred thousand."""
    home = folder / "memory"
    in_own_process(make_history, str(home), 540, int(1852 * scale))
    counts = [int(n * scale) for n in QUESTIONS]
    yield compare("memory", [Contender("asklake", memory_after, (str(home), counts))], repeat=1, aim="flat within 10 %")


def memory_after(home: str, counts: list[int], askers: int = 32) -> tuple[float, dict[str, Any]]:
    """The memory after so many questions by that after the first of the counts, and megabytes by count."""

    def body(number: int) -> bytes:
        question = ASKED[number % len(ASKED)]
        fresh = number // FRESH_EVERY
        days = f" {SPANS[fresh // len(ASKED) % len(SPANS)]}" if number % FRESH_EVERY == 0 else ""
        return json.dumps({"question": f"{ASKED[fresh % len(ASKED)]}{days}" if days else question}).encode()

    held: dict[str, float] = {}
    asked = 0
    with serving(home) as server:
        held["0"] = memory_mb(server.pid)
        for count in counts:
            began = asked
            became = ask(server.port, lambda number, began=began: body(began + number), askers, count - asked)
            if became.broken:
                raise RuntimeError(f"{became.broken} connections broke before their response")
            asked = count
            held[str(count)] = memory_mb(server.pid)
    first, last = (held[str(count)] for count in (counts[0], counts[-1]))
    return last / first, {"mb_after": held}
