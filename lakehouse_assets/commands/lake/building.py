"""`asklake materialize`, `maintain` and `parse`: making tables from tables.

Belongs here: which runs a request means, and what is told of them. Does not belong here: the builds (assets).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from lakehouse_assets.builds import dbt_graph
from lakehouse_assets.builds.groups import groups
from lakehouse_assets.commands.failures import CommandError, Exit, did_you_mean
from lakehouse_assets.commands.lake import orchestrator
from lakehouse_assets.commands.lake.orchestrator import run_job
from lakehouse_assets.commands.lake.outcomes import as_document, print_audit, print_errors, stop_if_failed
from lakehouse_assets.commands.output import Out, seconds
from lakehouse_assets.lakehouse.dbt import manifest
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.periods import days_between, periods_in, spans, to_text, unit_among
from lakehouse_assets.settings import get_settings
from lakehouse_assets.shown import shown_in_line

if TYPE_CHECKING:
    import dagster as dg

    from lakehouse_assets.builds.dbt_graph import DbtGraph
    from lakehouse_assets.commands.lake.orchestrator import Ran
    from lakehouse_assets.lakehouse.contract import Contract, MadeBy
    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.lakehouse.python_table import PythonTable
    from lakehouse_assets.settings import Settings

_TABLE_NAME = re.compile(r"(?<![\w/\"])([a-z]+)\.([a-z][a-z0-9_]*)")
_SEMANTIC = "semantic"


@dataclass(frozen=True)
class Step:
    """One run to make: a domain's tables over a range of days or hours, or whole tables."""

    domain: str
    job: str
    tables: tuple[str, ...]
    first: date | None = None
    last: date | None = None

    @property
    def label(self) -> str:
        """What the run does, for people."""
        if self.first is None or self.last is None:
            return self.job
        first, last = to_text(self.first), to_text(self.last)
        return f"{self.job} {first} … {last}" if first != last else f"{self.job} {first}"


class Builder:
    """The code location and the instance, loaded once for as many runs as a command makes."""

    def __init__(self, out: Out, settings: Settings, instance: dg.DagsterInstance) -> None:
        """Load the definitions.

        Args:
            out: Where runs are told of.
            settings: The settings of the process.
            instance: The instance that records the runs.
        """
        self.out, self.settings, self.instance = out, settings, instance
        self.lake: Lake = Lake(settings)
        with out.quietly():
            manifest.ensure(settings)
        self.reload()

    def reload(self) -> None:
        """Make the definitions of the manifest as it is now."""
        from lakehouse_assets.contracts import platform_contracts, platform_python_tables
        from lakehouse_assets.definitions import build_defs

        self.graph: DbtGraph = dbt_graph.load(self.settings)
        self.contracts: Mapping[str, Contract] = platform_contracts()
        self.python_tables: Mapping[str, PythonTable] = {t.identifier: t for t in platform_python_tables()}
        self.defs: dg.Definitions = build_defs(self.settings, by_operator=True)

    def tables_of(self, select: str | None, domain: str | None) -> list[str]:
        """The tables that dbt, saved queries and Python make, of one domain, as far as the selection names them.

        Raises:
            CommandError: nothing is selected.
        """
        queries = {f"{_SEMANTIC}.{q.name}" for q in self.graph.saved_queries}
        made = {m.table for m in self.graph.models} | queries | self.python_tables.keys()
        chosen = made & self._selected(select) if select else made - self._not_needed_yet()
        found = sorted(t for t in chosen if domain in (None, self.contracts[t].domain))
        if not found:
            raise self._nothing_selected(made, select, domain)
        return found

    def _not_needed_yet(self) -> set[str]:
        """Tables that are made on demand, until they were made once."""
        heads = self.lake.catalog.heads()
        return {i for i, t in self.python_tables.items() if t.on_demand and i not in heads}

    def _nothing_selected(self, made: Iterable[str], select: str | None, domain: str | None) -> CommandError:
        domains = sorted({self.contracts[t].domain for t in made})
        if domain and domain not in domains:
            problem = f"there is no domain '{domain}' to build.{did_you_mean(domain, domains)}"
        else:
            problem = f"nothing to build is selected.{did_you_mean(select or '', made)}"
        return CommandError(
            problem, f"domains: {', '.join(domains)}; tables are named layer.table, as in {min(made)}", Exit.USAGE
        )

    def _selected(self, select: str) -> set[str]:
        import dagster as dg

        text = _TABLE_NAME.sub(r'key:"\1/\2"', select).replace(",", " or ")
        try:
            keys = dg.AssetSelection.from_string(text).resolve(self.defs.resolve_asset_graph())
        except Exception as error:
            tables = [".".join(key.path) for key in self.defs.resolve_asset_graph().get_all_asset_keys()]
            raise CommandError(
                f"--select '{select}' selects no table.{did_you_mean(select.strip('+'), tables)}",
                "name tables as layer.table, several with commas; + before one also selects what it is made from, "
                "+ after it what is made from it",
                Exit.USAGE,
            ) from error
        return {".".join(key.path) for key in keys}

    def run(self, step: Step, *, config: Mapping[str, Any] | None = None) -> Ran:
        """Make one run and wait for it, showing that time passes."""
        import dagster as dg

        from lakehouse_assets.assets.metadata.partitions import range_tags
        from lakehouse_assets.automation.attempts import free_places

        tags = range_tags(step.first, step.last) if step.first and step.last else {}
        keys = [dg.AssetKey(t.split(".")) for t in step.tables]
        with waiting(self.out, step.label), self.out.quietly():
            free_places(self.instance)
            job = self.defs.resolve_job_def(step.job)
            ran = run_job(self.instance, job, tags=tags, selection=keys or None, config=config)
        return replace(ran, label=step.label)


@contextmanager
def builder(out: Out) -> Iterator[Builder]:
    """A builder on the instance that Dagit shows."""
    settings = get_settings()
    with orchestrator.instance(settings) as opened:
        with waiting(out, "loading the code location"):
            made = Builder(out, settings, opened)
        yield made


@contextmanager
def waiting(out: Out, label: str) -> Iterator[None]:
    """A spinner with the seconds gone, where someone watches."""
    if not out.live:
        yield
        return

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(
        *columns, console=out.console, transient=True, redirect_stdout=False, redirect_stderr=False
    ) as progress:
        progress.add_task(shown_in_line(label), total=None)
        yield


def made_by(made: Builder, tables: Iterable[str], maker: MadeBy) -> list[str]:
    """Those of some tables that one kind of maker makes."""
    return [t for t in tables if made.contracts[t].made_by == maker]


def plan_builds(
    made: Builder, tables: Sequence[str], first: date | None, last: date | None, *, named: bool, pad: bool = False
) -> Iterator[Step]:
    """The runs of silver and gold that a request means, domain by domain, and in each those by hour by themselves.

    Args:
        made: The loaded code location.
        tables: The tables to build.
        first: First day or hour; without a range, the days on which a domain is behind bronze.
        last: Last day or hour.
        named: Whether the person named what to build, so that tables without days are built although they exist.
        pad: Whether days and hours that hold nothing yet are built, too, where they are beside others.
    """
    from lakehouse_assets.assets.metadata.partitions import padded, partitions_of, stretches, within
    from lakehouse_assets.automation.jobs import build_job_name
    from lakehouse_assets.builds.days import behind_whole, dirty_days

    for group in groups(made.graph, made.contracts, made_by(made, tables, "dbt")):
        step = Step(group.domain, build_job_name(group.name), group.tables)
        if (partitions := partitions_of(group)) is None:
            if chosen := group.tables if named else tuple(behind_whole(made.lake, made.graph, group.tables)):
                yield replace(step, tables=chosen)
            continue
        if first and last:
            wanted = periods_in(days_between(first, last), group.unit)
        else:
            wanted = dirty_days(made.lake, made.graph, group.tables, group.unit)
        found = stretches(within(partitions, wanted))
        for start, end in padded(found, partitions) if pad else found:
            yield replace(step, first=start, last=end)


def untold(made: Builder, tables: Sequence[str]) -> list[str]:
    """What to tell of days that bronze has and no run builds, and of tables whose sources are not there yet."""
    from lakehouse_assets.assets.metadata.partitions import left_out
    from lakehouse_assets.builds.days import dirty_days

    said = [
        left_out(group, dirty_days(made.lake, made.graph, group.tables, group.unit))
        for group in groups(made.graph, made.contracts, made_by(made, tables, "dbt"))
    ]
    heads = made.lake.catalog.heads()
    python = [made.python_tables[table] for table in made_by(made, tables, "python")]
    missing = {p.identifier: p.missing(heads) for p in python}
    unmade = [f"{table} reads {', '.join(reads)}, never published" for table, reads in missing.items() if reads]
    return [*dict.fromkeys(one for told in said for one in told), *unmade]


def plan_semantic(made: Builder, tables: Sequence[str], *, named: bool) -> Step | None:
    """The run of the semantic tables that are behind the tables they are made from, or which were named."""
    from lakehouse_assets.automation.jobs import SEMANTIC
    from lakehouse_assets.builds.days import behind

    heads = made.lake.catalog.heads()
    chosen = [
        name
        for query in made.graph.saved_queries
        if (name := f"{_SEMANTIC}.{query.name}") in tables
        and set(query.reads) <= heads.keys()
        and (named or behind(made.lake, name, query.reads))
    ]
    return Step(_SEMANTIC, SEMANTIC, tuple(sorted(chosen))) if chosen else None


def plan_python(
    made: Builder, tables: Sequence[str], first: date | None, last: date | None, *, due: bool
) -> Iterator[Step]:
    """The runs of the tables that Python makes: of those that are behind, and where they are due of all that are there.

    Args:
        made: The loaded code location.
        tables: The tables to build.
        first: First day, of tables with days; without a range, yesterday, which is due, and today.
        last: Last day.
        due: Whether those that nothing is known to be ahead of are made: they were named, or others were just built.
    """
    from lakehouse_assets.assets.metadata.partitions import within
    from lakehouse_assets.assets.python_tables import days_of_table
    from lakehouse_assets.automation.jobs import make_job_name
    from lakehouse_assets.builds.days import behind

    heads = made.lake.catalog.heads()
    today = datetime.now(UTC).date()
    days = periods_in(days_between(first, last), "day") if first and last else {today - timedelta(days=1), today}
    for identifier in made_by(made, tables, "python"):
        table = made.python_tables[identifier]
        if table.missing(heads) or not (due or behind(made.lake, identifier, table.reads)):
            continue
        step = Step(made.contracts[identifier].domain, make_job_name(identifier), (identifier,))
        if (partitions := days_of_table(table)) is None:
            yield step
            continue
        for start, end in spans(within(partitions, days)):
            yield replace(step, first=start, last=end)


def build_all(
    made: Builder, tables: Sequence[str], first: date | None, last: date | None, *, named: bool, pad: bool = False
) -> list[Ran]:
    """Make every run a request means; a domain whose audit refuses does not keep the others from being built.

    The arguments are those of `plan_builds`.
    """
    steps = list(plan_builds(made, tables, first, last, named=named, pad=pad))
    done = [tell(made.out, made.run(step)) for step in steps]
    semantic = plan_semantic(made, tables, named=named)
    if semantic:
        done.append(tell(made.out, made.run(semantic)))
    python = list(plan_python(made, tables, first, last, due=named or bool(done)))
    done += [tell(made.out, made.run(step)) for step in python]
    # What is made from tables that Python makes, of which the first look knew nothing yet.
    late = plan_builds(made, reading_python(made, tables), None, None, named=False) if python else ()
    return done + [tell(made.out, made.run(step)) for step in list(late)]


def reading_python(made: Builder, tables: Sequence[str]) -> list[str]:
    """Those of some tables that dbt makes of tables by Python, as a whole."""
    from lakehouse_assets.assets.metadata.partitions import partitions_of

    found = groups(made.graph, made.contracts, made_by(made, tables, "dbt"))
    whole = [t for group in found if partitions_of(group) is None for t in group.tables]
    return [t for t in whole if made.graph.sources_of(t) & made.python_tables.keys()]


def tell(out: Out, ran: Ran) -> Ran:
    """A finished run, and the tables it made."""
    word = "done" if ran.success else "REFUSED by its audit" if ran.refused else "FAILED"
    out.say(f"{ran.label}: {word} in {seconds(ran.seconds)}", style="" if ran.success else "red")
    for note in ran.notes:
        out.say(note, style="yellow")
    if ran.tables:
        out.table(
            ("table", "rows written", "rows in all", "partitions"),
            [
                (t.table, t.metadata.get("rows_written"), t.metadata.get("dagster/row_count"),
                 t.metadata.get("partitions_written"))
                for t in ran.tables
            ],
        )  # fmt: skip
    return ran


def materialize(out: Out, select: str | None, domain: str | None, first: date | None, last: date | None) -> None:
    """Build what is behind, or what was named."""
    if (first is None) != (last is None):
        raise CommandError("a range needs both ends", "give --from and --to", Exit.USAGE)
    if first and last:
        first, last = _range(first, last)
    from lakehouse_assets.automation.jobs import SEMANTIC

    with builder(out) as made:
        tables = made.tables_of(select, domain)
        done = build_all(made, tables, first, last, named=bool(select or domain or first))
        waiting_days = untold(made, tables)
    if not done or (first and all(ran.job == SEMANTIC for ran in done)):
        out.say(_nothing(first, last, waiting_days))
    for said in waiting_days:
        out.say(said, style="yellow")
    print_audit(out, [c for ran in done for c in ran.checks])
    print_errors(out, done)
    out.emit({"runs": [as_document(ran) for ran in done], "not_built": waiting_days})
    stop_if_failed(done)


def _range(first: date, last: date) -> tuple[date, date]:
    """A range of days, or of hours where one end is an hour: a day then begins or ends it whole.

    Raises:
        CommandError: it ends before it begins.
    """
    ends = {first, last}
    if unit_among(ends) == "hour":
        first, last = min(periods_in([first], "hour")), max(periods_in([last], "hour"))
    if first > last:
        raise CommandError(f"the range ends ({to_text(last)}) before it begins ({to_text(first)})", "", Exit.USAGE)
    return first, last


def _nothing(first: date | None, last: date | None, waiting_days: Sequence[str]) -> str:
    if first and last:
        asked = f"{unit_among([first])}s {to_text(first)} to {to_text(last)}"
        return f"Nothing to build: none of the {asked} is one for which there are tables."
    if waiting_days:
        return "Nothing to build: every day of bronze that has tables is in silver and gold."
    return "Nothing to build: every day of bronze is in silver and gold."


def maintain(out: Out) -> None:
    """Run maintenance as the run that Dagit shows."""
    from lakehouse_assets.automation.jobs import MAINTENANCE

    with builder(out) as made:
        ran = made.run(Step("platform", MAINTENANCE, ()))
        states = {i: made.lake.catalog.load_table(i).metadata for i in sorted(made.lake.catalog.heads())}
    out.say(f"maintenance: {'done' if ran.success else 'FAILED'} in {seconds(ran.seconds)}")
    freed = next((t.metadata.get("bytes_removed", 0) for t in ran.tables), 0)
    out.say(f"{freed:,} bytes freed; {sum(len(m.snapshots) for m in states.values())} snapshots kept")
    print_errors(out, [ran])
    out.emit({"run": as_document(ran), "bytes_removed": freed})
    stop_if_failed([ran])


def parse(out: Out) -> None:
    """Build the manifest and what the asset factories derive from it."""
    settings = get_settings()
    with waiting(out, "parsing the dbt project"), out.quietly():
        manifest.load(settings)
        graph = dbt_graph.load(settings)
    out.say(f"{len(graph.models)} models, {len(graph.tests)} tests, {len(graph.saved_queries)} saved queries")
    out.emit(
        {
            "manifest": settings.dbt_target_dir / manifest.NAME,
            "models": len(graph.models),
            "tests": len(graph.tests),
            "saved_queries": len(graph.saved_queries),
        }
    )
