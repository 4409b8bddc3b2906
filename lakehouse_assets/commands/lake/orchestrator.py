"""Dagster as the commands use it: the same instance, environment and code location as `asklake dev`.

Belongs here: opening the instance, running a job in this process and listening to it.
Does not belong here: which jobs exist (automation), or what they do (assets).
"""

from __future__ import annotations

import itertools
import os
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakehouse_assets.commands.failures import hint_of, with_hint
from lakehouse_assets.private import make_folder

if TYPE_CHECKING:
    import dagster as dg

    from lakehouse_assets.settings import Settings

Listener = Callable[["dg.EventLogEntry"], None]
CODE_LOCATION = "asklake"
"""What Dagster calls the place where the definitions are, in every workspace file."""
_OF_DAGSTER = ("Dagster", "RetryRequested")
"""How the classes begin with which Dagster wraps an error of ours; the second, where it was tried several times."""
_ASIDES = ("[SQL: ", "(Background on this error at", "LINE ", "Possible solutions:")
_OF_DRIVER = re.compile(r"^\(\w+\.\w+\) ")
_SILENT = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class TableWritten:
    """What a run says it published of one table, once per run however many partitions it had.

    Attributes:
        table: Its identifier.
        metadata: The numbers and texts of its materialization, by label; no object of Dagster's, which a process that
            only prints them would have to import.
    """

    table: str
    metadata: Mapping[str, Any]


@dataclass(frozen=True)
class CheckSeen:
    """One asset check a run evaluated."""

    table: str
    check: str
    passed: bool
    severity: str
    description: str
    metadata: Mapping[str, Any]

    @property
    def blocking(self) -> bool:
        """Whether it kept the run from publishing."""
        return not self.passed and self.severity == "ERROR"


@dataclass(frozen=True)
class Ran:
    """A finished run; `label` says for people what it did, `notes` why it left tables as they were."""

    job: str
    run_id: str
    success: bool
    seconds: float
    tables: list[TableWritten] = field(default_factory=list)
    checks: list[CheckSeen] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    label: str = ""

    @property
    def refused(self) -> bool:
        """Whether an audit kept it from publishing."""
        return not self.success and any(c.blocking for c in self.checks)


def environment(settings: Settings) -> dict[str, str]:
    """The variables every process of the platform shares, whoever starts it."""
    shared = {
        "DAGSTER_HOME": str(settings.dagster_instance),
        "ASKLAKE_DAGSTER_HOME": str(settings.dagster_storage),
        "ASKLAKE_HOME": str(settings.home.absolute()),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    if settings.logs_bucket:
        shared |= {
            "ASKLAKE_S3_REGION": settings.s3_region,
            # The S3 client of Dagster's logs takes keys from the environment only.
            "AWS_ACCESS_KEY_ID": settings.s3_access_key.get_secret_value(),
            "AWS_SECRET_ACCESS_KEY": settings.s3_secret_key.get_secret_value(),
        }
    return shared


def prepare(settings: Settings) -> None:
    """Set the shared environment in this process, and make the folders it names.

    Raises:
        OutsideWarehouseError: the tables of the home lie in another one.
    """
    if settings.parts.tables == "folder":
        from lakehouse_assets.lakehouse.iceberg.catalog import open_catalog

        # Before there is a run that would only fail.
        open_catalog(settings)
    os.environ.update(environment(settings))
    make_folder(settings.dagster_storage)
    if not settings.landing:
        make_folder(Path(settings.landing_root))
    elif "://" not in settings.landing:  # others may be meant to put files there
        os.makedirs(settings.landing, exist_ok=True)


@contextmanager
def instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """The instance that Dagit shows."""
    prepare(settings)
    import dagster as dg

    with dg.DagsterInstance.get() as opened:
        yield opened


def run_job(
    opened: dg.DagsterInstance,
    job: dg.JobDefinition,
    *,
    config: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
    selection: Sequence[dg.AssetKey] | None = None,
    listen: Listener | None = None,
) -> Ran:
    """Run a job in this process; a run that fails is a result, not an exception.

    Args:
        opened: The instance that records it.
        job: The job.
        config: Its run config.
        tags: Tags of the run.
        selection: Those of its tables that the run is of; None for all.
        listen: Called with each event as it happens.

    Raises:
        KeyboardInterrupt: someone ended the process meanwhile.
    """
    from lakehouse_assets.assets.steps.trying import process_tags
    from lakehouse_assets.automation._internals import executable_keys, of_code_location

    run_id = str(uuid.uuid4())
    # Of a selection, Dagster runs every check there is of its tables, those that are not the job's too.
    if selection and set(selection) >= executable_keys(job):
        selection = None
    if listen:
        opened.add_event_listener(run_id, listen)
    started = time.perf_counter()
    with of_code_location(opened, CODE_LOCATION, job.name):
        result = job.execute_in_process(
            instance=opened,
            run_config={**_SILENT, **(config or {})},
            tags={**process_tags(), **(tags or {})},
            asset_selection=selection,
            run_id=run_id,
            raise_on_error=False,
        )
    elapsed = time.perf_counter() - started
    errors = [_error(e) for e in result.all_events if e.is_step_failure or e.is_run_failure]
    if any("DagsterExecutionInterruptedError" in text for text in errors):
        raise KeyboardInterrupt
    return Ran(
        job.name, run_id, result.success, elapsed, _tables(result), _checks(result),
        errors, _notes(result),
    )  # fmt: skip


def _notes(result: dg.ExecuteInProcessResult) -> list[str]:
    """Why tables were left as they are."""
    seen = [e.asset_observation_data.asset_observation for e in result.all_events if e.is_asset_observation]
    return [observed.description for observed in seen if observed.description]


def _tables(result: dg.ExecuteInProcessResult) -> list[TableWritten]:
    found: dict[str, TableWritten] = {}
    for event in result.all_events:
        if event.is_step_materialization and event.asset_key:
            name = ".".join(event.asset_key.path)
            metadata = event.step_materialization_data.materialization.metadata
            plain = {k: v.value for k, v in metadata.items() if isinstance(v.value, int | float | str)}
            found[name] = TableWritten(name, plain)
    return list(found.values())


def _checks(result: dg.ExecuteInProcessResult) -> list[CheckSeen]:
    return [
        CheckSeen(
            ".".join(c.asset_key.path), c.check_name, c.passed, c.severity.value, c.description or "",
            {k: v.value for k, v in c.metadata.items()},
        )
        for c in result.get_asset_check_evaluations()
    ]  # fmt: skip


def _error(event: dg.DagsterEvent) -> str:
    """Why something failed, in the words of the first error that is not Dagster's own, and what to do about it."""
    data = event.event_specific_data
    described = getattr(getattr(data, "user_failure_data", None), "description", None)
    if described:
        return described
    error = getattr(data, "error", None)
    while error is not None and error.cause is not None and (error.cls_name or "").startswith(_OF_DAGSTER):
        error = error.cause
    if error is None:
        return (event.message or "").strip()
    # Engines and SQLAlchemy add a copy of the statement, or advice that is about their own settings.
    lines = itertools.takewhile(lambda line: not line.startswith(_ASIDES), error.message.strip().splitlines())
    text = "\n".join(lines).strip()
    name, _, words = text.partition(": ")
    # What a library says is a sentence of its own; of what Python says ("0"), the name is half.
    told = _OF_DRIVER.sub("", words) if words and "." in name else text
    return with_hint(told, hint_of(error.cls_name or "", told))
