"""What goes wrong, in one sentence with the next step, and the exit code it means.

Belongs here: the only mapping of exceptions to exit codes. Does not belong here: raising any of them, or printing
(reporting.py).
"""

from __future__ import annotations

import difflib
import errno
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Any

from lakehouse_assets.lakehouse.engines.spec import Failures, all_specs
from lakehouse_assets.shown import shown_in_line


class Exit(IntEnum):
    """What a command's exit code means."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    CLARIFY = 4
    INTERRUPTED = 130


_KINDS = {
    Exit.FAILED: "failed",
    Exit.USAGE: "wrong_usage",
    Exit.REFUSED: "refused",
    Exit.CLARIFY: "needs_clarification",
}


class CommandError(Exception):
    """A command cannot do what it was asked; the text says why and what to do next."""

    def __init__(self, problem: str, hint: str = "", code: Exit = Exit.FAILED, *, kind: str = "") -> None:
        """Keep the parts apart for --json.

        Args:
            problem: What is wrong.
            hint: What to do next.
            code: The exit code it means.
            kind: What programs know it by; by default what the exit code means.
        """
        self.problem, self.hint, self.code = problem, hint, code
        self.kind = kind or _KINDS[code]
        super().__init__(with_hint(problem, hint))


def with_hint(problem: str, hint: str) -> str:
    """What is wrong, and what to do next, one sentence after the other."""
    if not hint:
        return problem
    end = "" if problem.endswith((".", "!", "?")) else "."
    word = hint.split()[0].rstrip(",:")  # a name of something stays as it is
    return f"{problem}{end} {hint[0].upper() if word.isalpha() else hint[0]}{hint[1:]}"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """` Did you mean 'x'?`, with the nearest that exists, to stand after a sentence; nothing where none is near."""
    names = list(known)
    # A name without its layer is compared with names without theirs.
    short = {n.rpartition(".")[2]: n for n in names} if "." not in name else {n: n for n in names}
    near = difflib.get_close_matches(name, list(short), n=1)
    return f" Did you mean '{short[near[0]]}'?" if near else ""


# Named, not imported: an error's class is only known once its module, which takes long to import, was loaded.
_REFUSED = {
    "AuditFailedError": "`asklake status` shows the tables as they still are; the failing rows are in the run in Dagit",
    "QueryRefusedError": "`asklake catalog` lists what can be asked; `asklake status` lists the tables",
    "QueryTimeoutError": "narrow the time range, or group by less",
    "GuardError": "`asklake catalog` lists what can be asked",
    "SemanticError": "`asklake catalog` lists what can be asked",
    "OutsideWarehouseError": "",
    "OtherZoneError": "",
    "RelocationError": "",
    "MergeConflictError": "`asklake branch diff NAME` shows what differs; build it again on a new branch of main",
}
_COLUMNS = '`asklake sql "select * from layer.table" --limit 1` shows the columns of a table'
_MEMORY = "narrow the time range, group by less, or raise ASKLAKE_MEMORY_LIMIT"
_S3 = (
    "ASKLAKE_S3_ENDPOINT names the S3 server, ASKLAKE_S3_ACCESS_KEY and ASKLAKE_S3_SECRET_KEY the key, "
    "ASKLAKE_WAREHOUSE_URL the bucket; `make cluster-status` shows whether it runs"
)
_FAILED = {
    "IngestError": "",
    "CatalogUnwritableError": "`df -h` shows whether the disk is full; ASKLAKE_HOME has to be writable",
    "SchemaDriftError": "",
    "PublicationConflictError": "run the command again",
    "NessieError": "`make cluster-status` shows which servers run; ASKLAKE_NESSIE_URL names this one",
    "RESTError": "`make cluster-status` shows which servers run; ASKLAKE_NESSIE_URL names the catalog",
    "CommitFailedException": "run the command again",
    "RequestException": "`make cluster-status` shows which servers run",
    "DbtFailedError": "the models are in dbt_project/models, the metrics in semantic/models",
    "ManifestMissingError": "",
    "AlreadySettledError": "",
    "CannotLearnError": "",
    "ModelsMissingError": "",
    "OperationalError": "the databases of the data folder, or the one of ASKLAKE_POSTGRES_URL, could not be read or "
    "written; `df -h` shows whether the disk is full, `make cluster-status` which servers run",
}
_USAGE = {
    "DeclarationError": "",
    "ScheduledQuestionsError": "",
    "ValidationError": "check the arguments",
    "ReferenceGoneError": "`asklake branch` lists the branches",
    "BranchNameError": "`asklake branch` lists the branches",
    "NoSuchMomentError": "`asklake history TABLE` lists times and publications, `asklake log` commits of a cluster",
    "AnswerNotFoundError": "the ids of all answers are in semantic.nlq_answers",
    "UnknownRecordError": "",
    "UnknownLoadError": '`asklake sql "select load_id, source_file, loaded_at from bronze.loads"` lists the loads',
}


def explain(error: BaseException) -> CommandError | None:
    """What an exception means for the person at the keyboard, or None where it is a defect of ours."""
    if isinstance(error, CommandError):
        return error
    if _of_settings(error):
        return CommandError(_text(error), "docs/settings.md says what each may be", Exit.USAGE, kind="wrong_setting")
    if isinstance(error, UnicodeEncodeError) and "surrogates" in error.reason:
        return CommandError(
            "what was typed is no text in UTF-8", "`locale` shows how the terminal writes", Exit.USAGE, kind="not_utf8"
        )
    if _is_of_s3(error):
        return CommandError(_text(error), _S3, Exit.FAILED, kind=_kind(error))
    for kind in type(error).__mro__:
        if of_engine := _of_engine(error, kind):
            return of_engine
        if kind is OSError:
            return _of_file(error)
        for table, code in ((_REFUSED, Exit.REFUSED), (_FAILED, Exit.FAILED), (_USAGE, Exit.USAGE)):
            if kind.__name__ in table:
                return CommandError(_text(error), table[kind.__name__], code, kind=_kind(error))
    return None


@contextmanager
def of_statement() -> Iterator[None]:
    """Errors of an engine about a statement that was typed: they are wrong usage, and not a defect of ours."""
    try:
        yield
    except Exception as error:
        about = {type(error).__name__, type(error.__cause__).__name__}
        if not about & frozenset().union(*(known.of_statements for known in _of_engines())) or not (
            known := explain(error)
        ):
            raise
        raise CommandError(known.problem, _COLUMNS, Exit.USAGE, kind="wrong_statement") from error


def unforeseen(error: BaseException) -> CommandError:
    """What is said of an error that nobody foresaw."""
    told = " ".join(str(error).split())
    return CommandError(
        f"asklake met an error it does not know: {type(error).__name__}: {told}".rstrip(": "),
        "`asklake --debug` before the same words shows where; please report it",
        Exit.FAILED,
        kind="internal",
    )


def hint_of(name: str, text: str) -> str:
    """What to do about an error of which only the name of the class and the text are known, as one of a run."""
    if "Out of Memory Error" in text:
        return _MEMORY
    of_engines = {named: hint for known in _of_engines() for named, hint in known.hints.items()}
    return {**of_engines, **_FAILED, **_USAGE, **_REFUSED}.get(name, "")


def _of_engines() -> list[Failures]:
    """What is known of the errors of every engine: any of them may be read, also as another's database."""
    return [spec.failures for spec in all_specs()]


def _kind(error: BaseException) -> str:
    """`QueryRefusedError` as `query_refused`."""
    name = re.sub(r"(Error|Exception)$", "", type(error).__name__)
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _of_engine(error: BaseException, kind: type) -> CommandError | None:
    """What an engine says, if it is one that raises this kind of errors."""
    for known in _of_engines():
        if kind.__module__ in known.modules:
            text = " ".join(known.words(error).split()).rstrip(".")
            hint = _MEMORY if type(error).__name__ in known.of_memory else ""
            return CommandError(text, hint, Exit.FAILED, kind=_kind(error))
        if kind.__name__ in known.hints:
            return CommandError(_text(error), known.hints[kind.__name__], Exit.FAILED, kind=_kind(error))
    return None


def _of_file(error: BaseException) -> CommandError:
    """What the system says about a file, a folder, a disk or an address."""
    assert isinstance(error, OSError)
    text = (
        f"{shown_in_line(str(error.filename))}: {error.strerror}" if error.filename and error.strerror else _text(error)
    )
    number = error.errno
    if number in (errno.ENOSPC, errno.EDQUOT):
        return CommandError(
            text, "`df -h` shows how full the disk is; nothing half-written is visible", kind="disk_full"
        )
    if number == errno.ELOOP:
        return CommandError(text, "a symbolic link leads back to itself: remove it", Exit.USAGE, kind="link_loop")
    if isinstance(error, FileNotFoundError):
        return CommandError(text, "check the path", Exit.USAGE, kind="file_not_found")
    if isinstance(error, ConnectionError):
        return CommandError(text, "`make cluster-status` shows which servers run", kind="no_connection")
    hint = "ASKLAKE_HOME names the data folder: it has to be a folder, and writable" if number else ""
    return CommandError(text, hint, kind="file_error")


def _is_of_s3(error: BaseException | None) -> bool:
    """Whether an S3 server, or the way to it, is what an error is about: its clients raise what files raise, too."""
    if error is None or type(error).__name__ in _REFUSED:
        return False
    if type(error).__module__.partition(".")[0] in ("botocore", "boto3", "s3fs"):
        return True
    told = str(error)
    return (isinstance(error, OSError) and ("AWS Error" in told or "s3://" in told)) or _is_of_s3(error.__cause__)


def _text(error: BaseException) -> str:
    details = getattr(error, "errors", None)
    if callable(details):  # pydantic's own text has a line per field and an address to look up
        found: Any = details()
        said = [(_place(d["loc"], _of_settings(error)), d["msg"].removeprefix("Value error, ")) for d in found]
        return "; ".join(f"{place}: {message}" if place else message for place, message in said)
    # SQLAlchemy's own text has the statement and an address to look up; the driver's is a sentence.
    return str(getattr(error, "orig", None) or error).rstrip(".") or type(error).__name__


def _of_settings(error: BaseException) -> bool:
    return type(error).__name__ == "ValidationError" and getattr(error, "title", "") == "Settings"


def _place(location: tuple[int | str, ...], setting: bool) -> str:
    """Where in the input something is wrong: of a setting, its variable."""
    place = ".".join(map(str, location))
    return f"ASKLAKE_{place.upper()}" if setting and place else place
