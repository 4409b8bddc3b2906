"""What goes wrong, in one sentence with the next step, and the exit code it means.

Belongs here: the only mapping of exceptions to exit codes. Does not belong here: raising any of them.
"""

from __future__ import annotations

import sys
from enum import IntEnum
from typing import Any

import typer
from typer.core import TyperGroup

from lakehouse_assets.commands.output import Out, wants_json


class Exit(IntEnum):
    """What a command's exit code means."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    CLARIFY = 4
    INTERRUPTED = 130


class CommandError(Exception):
    """A command cannot do what it was asked; the text says why and what to do next."""

    def __init__(self, problem: str, hint: str = "", code: Exit = Exit.FAILED, **details: Any) -> None:
        """Keep the parts apart for --json."""
        self.problem, self.hint, self.code, self.details = problem, hint, code, details
        super().__init__(f"{problem}. {hint}" if hint else problem)


# Named, not imported: an error's class is only known once its module, which takes long to import, was loaded.
_REFUSED = {
    "AuditFailedError": "`asklake status` shows the tables as they still are; the failing rows are in the run in Dagit",
    "QueryRefusedError": "`asklake catalog` lists what can be asked; `asklake status` lists the tables",
    "QueryTimeoutError": "narrow the time range, or group by less",
    "GuardError": "`asklake catalog` lists what can be asked",
    "SemanticError": "`asklake catalog` lists what can be asked",
    "OutsideWarehouseError": "",
    "RelocationError": "",
    "MergeConflictError": "`asklake branch diff NAME` shows what differs; build it again on a new branch of main",
}
_S3 = (
    "ASKLAKE_S3_ENDPOINT names the S3 server, ASKLAKE_S3_ACCESS_KEY and ASKLAKE_S3_SECRET_KEY the key, "
    "ASKLAKE_WAREHOUSE_URL the bucket; `make cluster-status` shows whether it runs"
)
_FAILED = {
    "IngestError": "",
    "SchemaDriftError": "",
    "PublicationConflictError": "run the command again",
    "NessieError": "`make cluster-status` shows which servers run; ASKLAKE_NESSIE_URL names this one",
    "RESTError": "`make cluster-status` shows which servers run; ASKLAKE_NESSIE_URL names the catalog",
    "CommitFailedException": "run the command again",
    "RequestException": "`make cluster-status` shows which servers run",
    "HttpError": "`make cluster-status` shows which servers run; ASKLAKE_TRINO_URL names Trino",
    "TrinoConnectionError": "`make cluster-status` shows which servers run; ASKLAKE_TRINO_URL names this one",
    "TrinoQueryError": "the query is in Trino's own page, under its id",
    "DbtFailedError": "the models are in dbt_project/models, the metrics in semantic/models",
    "ManifestMissingError": "",
    "AlreadySettledError": "",
    "PermissionError": "ASKLAKE_HOME names the data folder; it has to be writable",
    "OperationalError": "the databases of the data folder, or the one of ASKLAKE_POSTGRES_URL, could not be read or "
    "written; `df -h` shows whether the disk is full, `make cluster-status` which servers run",
    "OSError": "`df -h` shows whether the disk is full; nothing half-written is visible",
}
_USAGE = {
    "SourceError": "",
    "ValidationError": "check the ASKLAKE_ variables and the arguments",
    "FileNotFoundError": "check the path",
    "ReferenceGoneError": "`asklake branch` lists the branches",
    "BranchNameError": "`asklake branch` lists the branches",
    "NoSuchMomentError": "`asklake history TABLE` lists times and publications, `asklake log` commits of a cluster",
    "AnswerNotFoundError": "semantic.nlq_answers has the ids of all answers",
    "UnknownRecordError": "",
}


class AsklakeGroup(TyperGroup):
    """Runs a command and turns what people can do something about into a sentence instead of a traceback."""

    def invoke(self, ctx: typer.Context) -> Any:
        """Run the command the arguments name."""
        try:
            return super().invoke(ctx)
        except (typer.TyperException, typer.Exit, typer.Abort):
            raise
        except KeyboardInterrupt:
            raise typer.Exit(int(Exit.INTERRUPTED)) from None
        except Exception as error:
            if ctx.params.get("debug") or not (known := explain(error)):
                raise
            report(known, wants_json(ctx))
            raise typer.Exit(int(known.code)) from None


def explain(error: BaseException) -> CommandError | None:
    """What an exception means for the person at the keyboard, or None where it is a defect of ours."""
    if isinstance(error, CommandError):
        return error
    if _is_of_s3(error):
        return CommandError(_text(error), _S3, Exit.FAILED, kind=type(error).__name__)
    for kind in type(error).__mro__:
        for table, code in ((_REFUSED, Exit.REFUSED), (_FAILED, Exit.FAILED), (_USAGE, Exit.USAGE)):
            if kind.__name__ in table:
                return CommandError(_text(error), table[kind.__name__], code, kind=type(error).__name__)
    return None


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
        said = [(".".join(map(str, d["loc"])), d["msg"].removeprefix("Value error, ")) for d in found]
        return "; ".join(f"{place}: {message}" if place else message for place, message in said)
    # SQLAlchemy's own text has the statement and an address to look up; the driver's is a sentence.
    return str(getattr(error, "orig", None) or error).rstrip(".") or type(error).__name__


def report(error: CommandError, as_json: bool) -> None:
    """Print an error: a sentence on stderr, or for programs a document on stdout."""
    if as_json:
        document = {"problem": error.problem, "next": error.hint, "exit_code": int(error.code), **error.details}
        Out(as_json=True).emit({"error": document})
    else:
        print(f"asklake: {error}", file=sys.stderr)  # noqa: T201
