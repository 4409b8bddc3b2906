"""What becomes of an error in a step: tried again where it may pass by itself, and else at once a failure in words.

Belongs here: telling the two apart, and the words. Does not belong here: when a run that failed is asked for again
(automation), or what a command prints of it (commands).
"""

from __future__ import annotations

import errno
import os
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from lakehouse_assets.lakehouse.engines.spec import all_specs
from lakehouse_assets.redaction import redacted
from lakehouse_assets.settings import get_settings

RETRY = dg.RetryPolicy(max_retries=2, delay=10, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)
"""For what may pass by itself (a locked file, a full disk being emptied)."""
NO_USE = "asklake/no_use_in_trying_again"
"""Tag of a run that would fail again on the same data by the same code."""
HOST, PROCESS = "asklake/host", "asklake/process"
"""Tags of a run: the machine and the process that work on it, so that a run whose process is gone can be told."""
CPU_S = "asklake/cpu_s"
"""Tag of a run: the processor seconds that its steps took in the process that works on it."""
_OF_ENGINES = [spec.failures for spec in all_specs()]
# Named, not imported: an error's class is only known once its module, which takes long to import, was loaded.
_PASSING = frozenset({
    "PublicationConflictError", "CommitFailedException", "CommitStateUnknownException", "NessieError", "RESTError",
    "ServerError", "OperationalError", "RequestException", "HTTPError", "ConnectionError", "TimeoutError",
    "BotoCoreError", "ClientError", "RedisError",
}).union(*(failures.passing for failures in _OF_ENGINES))  # fmt: skip
_LASTING_OS_ERRORS = frozenset({
    errno.ENOENT, errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.EINVAL,
    errno.EROFS,
})  # fmt: skip
_PASSING_WORDS = re.compile(
    rf"\b({'|'.join(words for failures in _OF_ENGINES for words in failures.passing_words)}"
    r"|Connection (refused|reset)|Max retries exceeded|timed out)\b"
)
"""In what dbt says of an error that an engine raised: its class is lost on the way."""
_OWN = ("lakehouse_assets.", "semantic.", "nlq.", "optimise.", "insight.")
_WHERE_IN_SQL = re.compile(r"\s*\bLINE \d+:.*", re.DOTALL)


def process_tags() -> dict[str, str]:
    """Tags that say which process executes a run, so that others can tell when it was killed."""
    return {HOST: socket.gethostname(), PROCESS: str(os.getpid())}


def cpu_s_of(run: dg.DagsterRun) -> float | None:
    """Processor seconds of a run's steps; None where it says none, for who launches a run may set its tags."""
    try:
        return max(float(run.tags[CPU_S]), 0.0)
    except (KeyError, ValueError):
        return None


@contextmanager
def told(context: dg.AssetExecutionContext | dg.OpExecutionContext) -> Iterator[None]:
    """Turn an error in a step into a failure that says what is wrong, without the retries that cannot heal it.

    Args:
        context: The step.

    Raises:
        dagster.Failure: what went wrong, in the words of whoever found it.
    """
    run_id, began = context.run.run_id, time.process_time()
    context.instance.add_run_tags(run_id, process_tags())
    try:
        yield
    except dg.Failure as failure:
        if not failure.allow_retries:
            _note(context)
        raise
    except (dg.DagsterError, dg.RetryRequested):
        raise
    except Exception as error:
        passing = may_pass(error)
        again = passing and context.retry_number < RETRY.max_retries
        if not passing:
            _note(context)
        secrets = get_settings().secrets
        if any(redacted(text, secrets) != text for text in _said(error)):
            # Dagster keeps the texts of a whole chain of errors, for everybody who sees the run.
            raise dg.Failure(redacted(sentence(error), secrets), allow_retries=again) from None
        if again:
            raise
        raise dg.Failure(sentence(error), allow_retries=False) from error
    finally:
        _add_cpu(context, time.process_time() - began)


def may_pass(error: BaseException) -> bool:
    """Whether an error may be gone without anybody changing data or code."""
    if isinstance(error, OSError) and error.errno in _LASTING_OS_ERRORS:
        return False
    if isinstance(error, OSError) or any(kind.__name__ in _PASSING for kind in type(error).__mro__):
        return True
    if type(error).__name__ == "DbtFailedError" and _PASSING_WORDS.search(str(error)):
        return True
    return error.__cause__ is not None and may_pass(error.__cause__)


def sentence(error: BaseException) -> str:
    """An error in words: those of its own, with its kind where they were not written for people."""
    words = " ".join(_WHERE_IN_SQL.sub("", str(error)).split())
    kind = type(error)
    for_people = kind.__module__.startswith(_OWN) or any(kind.__module__ in known.modules for known in _OF_ENGINES)
    if words and (for_people or isinstance(error, OSError)):
        return words
    return f"{kind.__name__}: {words}" if words else kind.__name__


def _said(error: BaseException | None) -> Iterator[str]:
    """The texts of an error and of those that led to it."""
    if error is not None:
        yield str(error)
        yield from _said(error.__cause__ or error.__context__)


def _add_cpu(context: dg.AssetExecutionContext | dg.OpExecutionContext, seconds: float) -> None:
    """Note what a step took, beside what other steps, or tries before, took of its run."""
    run = context.instance.get_run_by_id(context.run.run_id)
    before = cpu_s_of(run) if run else None
    context.instance.add_run_tags(context.run.run_id, {CPU_S: f"{(before or 0.0) + seconds:.3f}"})


def _note(context: dg.AssetExecutionContext | dg.OpExecutionContext) -> None:
    context.instance.add_run_tags(context.run.run_id, {NO_USE: "true"})
