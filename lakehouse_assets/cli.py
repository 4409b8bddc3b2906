"""The `asklake` command: what can be typed, and which body it calls.

Belongs here: arguments, options, help. Does not belong here: what a command does (commands/).
Nothing heavy is imported at the top, so that `asklake --help` answers at once.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from lakehouse_assets.commands.days import day
from lakehouse_assets.commands.groups import (
    alert_app,
    branch_app,
    dashboard_app,
    key_app,
    quarantine_app,
    source_app,
    suggest_app,
)
from lakehouse_assets.commands.insight import insights, model_app, search, train
from lakehouse_assets.commands.options import (
    At,
    First,
    FirstBuilt,
    Last,
    LastBuilt,
    Limit,
    Port,
    ReadOnly,
    Tenant,
    WithParent,
)
from lakehouse_assets.commands.output import Json, Out
from lakehouse_assets.commands.reporting import AsklakeGroup

_HELP = "A lakehouse that answers questions. Begin with `asklake demo`; look around with `asklake status`."
_EXITS = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused by an audit or a guard, 4 needs clarification."

app = typer.Typer(
    cls=AsklakeGroup, help=_HELP, epilog=_EXITS, no_args_is_help=True, add_completion=False,
    pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip
app.add_typer(quarantine_app, name="quarantine")
app.add_typer(branch_app, name="branch")
app.add_typer(branch_app, name="branches", hidden=True)
app.add_typer(key_app, name="key")
app.add_typer(model_app, name="model")
app.add_typer(source_app, name="source")
app.add_typer(suggest_app, name="suggest")
for command in (train, search, insights):
    app.command()(command)
app.add_typer(dashboard_app, name="dashboard")
app.add_typer(alert_app, name="alert")


def main() -> None:
    """Entry point of the console script."""
    app()


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"asklake {version('asklake')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Options of every command; --debug is read where errors are explained."""


@app.command()
def ingest(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            help="Files or s3:// addresses: CSV, JSON, NDJSON, Parquet; or a folder of folders named like sources; "
            "none for a source that reads a database."
        ),
    ] = None,
    source: Annotated[str | None, typer.Option("--source", help="Source definition the records are read with.")] = None,
    mapping: Annotated[Path | None, typer.Option("--mapping", help="YAML file with a source of your own.")] = None,
    tenant: Tenant = None,
    anew: Annotated[
        bool, typer.Option("--anew", help="Copy a table whose changes are followed again; what is gone from it goes.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Load files, or what is new in a database, into bronze; bad records go to quarantine, nothing is loaded twice."""
    from lakehouse_assets.commands.lake import loading

    loading.ingest(Out(as_json), files or [], source, mapping, tenant, anew=anew)


@app.command()
def unload(
    load: Annotated[str, typer.Argument(help="Id of a load, as `asklake ingest` and bronze.loads name it.")],
    as_json: Json = False,
) -> None:
    """Take a load back: its rows, its quarantined records and its note; the file can be loaded again."""
    from lakehouse_assets.commands.lake import unloading

    unloading.unload(Out(as_json), load)


@app.command("give-up")
def give_up(
    source: Annotated[str, typer.Argument(help="Name of a source, as `asklake status` says it.")], as_json: Json = False
) -> None:
    """Give up events of a source that were accepted and cannot be loaded, such as those of one that was deleted."""
    from lakehouse_assets.commands.lake import giving_up

    giving_up.run(Out(as_json), source)


@app.command()
def materialize(
    select: Annotated[
        str | None, typer.Option("--select", "-s", help="Tables, for example gold.gold_pgr_funnel_daily+.")
    ] = None,
    domain: Annotated[str | None, typer.Option("--domain", "-d", help="Only this domain.")] = None,
    first: FirstBuilt = None,
    last: LastBuilt = None,
    as_json: Json = False,
) -> None:
    """Build silver, gold and semantic tables; without a range, the days that new data touched."""
    from lakehouse_assets.commands.lake import building

    building.materialize(Out(as_json), select, domain, first, last)


@app.command()
def ask(
    words: Annotated[list[str], typer.Argument(metavar="QUESTION", help="A question in plain English.")],
    tenant: Tenant = None,
    queue: Annotated[bool, typer.Option("--queue", help="Put it in the queue; the daemon answers it.")] = False,
    wait: Annotated[float, typer.Option("--wait", min=0, help="With --queue: seconds to wait for the answer.")] = 0,
    project: Annotated[Path | None, typer.Option("--project", help="Another dbt project with semantic models.")] = None,
    database: Annotated[
        str | None,
        typer.Option("--database", help="With --project: its DuckDB file, or trino://user@host:8080/catalog."),
    ] = None,
    at: At = None,
    as_json: Json = False,
) -> None:
    """Answer a question, or ask back, or say why not."""
    from lakehouse_assets.commands.asking import questions

    question = " ".join(words)
    if project or database:
        questions.ask_foreign(Out(as_json), question, tenant, project, database)
        return
    questions.ask(Out(as_json), question, tenant, queue, wait, at)


@app.command()
def query(
    metrics: Annotated[str, typer.Option("--metrics", "-m", help="Metrics, separated by commas.")],
    group_by: Annotated[str, typer.Option("--group-by", "-g", help="Dimensions, separated by commas.")] = "",
    where: Annotated[
        list[str] | None,
        typer.Option("--where", "-w", help='Filter: "dim=value", also != > >= < <= ~ (contains), "a|b" for several.'),
    ] = None,
    grain: Annotated[
        str | None, typer.Option("--grain", help="day, week, month, quarter or year: one row per step.")
    ] = None,
    first: First = None,
    last: Last = None,
    order_by: Annotated[str, typer.Option("--order-by", "-o", help="Columns; -name sorts downwards.")] = "",
    compare: Annotated[
        str | None, typer.Option("--compare", help="previous_period or previous_year beside it.")
    ] = None,
    share: Annotated[bool, typer.Option("--share", help="Every row as a share of the whole.")] = False,
    records: Annotated[bool, typer.Option("--records", help="The rows that the metric is computed from.")] = False,
    skip: Annotated[int, typer.Option("--skip", min=0, help="How many records to leave out first.")] = 0,
    limit: Limit = 100,
    tenant: Tenant = None,
    at: At = None,
    as_json: Json = False,
) -> None:
    """Metrics by name: the same path as a question, without the words."""
    from lakehouse_assets.commands.asking import questions

    request = questions.Request(
        metrics, group_by, tuple(where or ()), grain, first, last, order_by, limit, compare, share, records, skip
    )
    questions.query(Out(as_json), request, tenant, at)


@app.command()
def catalog(
    search: Annotated[str | None, typer.Argument(help="Only what contains this word.")] = None,
    as_json: Json = False,
) -> None:
    """What can be asked: metrics and dimensions, with their descriptions."""
    from lakehouse_assets.commands.asking import questions

    questions.catalog(Out(as_json), search)


@app.command()
def sql(
    statement: Annotated[str, typer.Argument(help="One SELECT over tables named layer.table.")],
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="Most rows to return.")] = 1000,
    at: At = None,
    as_json: Json = False,
) -> None:
    """Read tables directly; nothing can be written, and nothing but the lake can be read."""
    from lakehouse_assets.commands.lake import lookups

    lookups.sql(Out(as_json), statement, limit, at)


@app.command()
def history(
    table: Annotated[str, typer.Argument(help="A table, for example gold.gold_pgr_case_lifecycle.")],
    limit: Limit = 20,
    as_json: Json = False,
) -> None:
    """The snapshots of a table: when, what, how many rows, by which publication and run."""
    from lakehouse_assets.commands.lake import lookups

    lookups.history(Out(as_json), table, limit)


@app.command()
def profile(
    target: Annotated[str, typer.Argument(help="A table, as layer.table, or a file.")],
    column: Annotated[str | None, typer.Option("--column", help="One column, in full.")] = None,
    tenant: Annotated[str | None, typer.Option("--tenant", help="The rows of one tenant of a table.")] = None,
    load: Annotated[str | None, typer.Option("--load", help="The rows of one load of a table.")] = None,
    as_json: Json = False,
) -> None:
    """What rows are like: nulls, different values, ranges, copies, how values are spread, and what to look at."""
    from lakehouse_assets.commands.lake import profiles

    profiles.profile(Out(as_json), target, column, tenant, load)


@app.command()
def log(
    table: Annotated[str | None, typer.Argument(help="Only commits that changed this table.")] = None,
    limit: Limit = 20,
    as_json: Json = False,
) -> None:
    """The commits of main (cluster profile): when, which tables, by which publication and run."""
    from lakehouse_assets.commands.lake import versions

    versions.log(Out(as_json), table, limit)


@app.command()
def rollback(
    commit: Annotated[str, typer.Argument(help="A time, or the hash of a commit; `asklake log` lists them.")],
    as_json: Json = False,
) -> None:
    """Take main back to an earlier commit, all tables at once (cluster profile)."""
    from lakehouse_assets.commands.lake import versions

    versions.rollback(Out(as_json), commit)


@app.command()
def replay(
    answer_id: Annotated[str, typer.Argument(help="Id printed below an answer.")],
    as_json: Json = False,
) -> None:
    """Run a stored answer again on the snapshots it was made from, and compare."""
    from lakehouse_assets.commands.asking import questions

    questions.replay(Out(as_json), answer_id)


@app.command()
def status(as_json: Json = False) -> None:
    """The state of everything, and what to do next."""
    from lakehouse_assets.commands.lake import overview

    overview.status(Out(as_json))


@app.command()
def check(as_json: Json = False) -> None:
    """Whether the project holds together: contracts, models, sources, metrics, owners; each finding with its place."""
    from lakehouse_assets.commands import project

    project.check(Out(as_json))


@app.command("new-domain")
def new_domain(
    name: Annotated[str, typer.Argument(help="Name of the domain: small letters, digits and _.")],
    file: Annotated[list[str], typer.Option("--from", metavar="FILE…", help="Samples: CSV, JSON, NDJSON, Parquet.")],
    more: Annotated[list[str] | None, typer.Argument(hidden=True)] = None,
    as_json: Json = False,
) -> None:
    """Draft a domain from sample files: source, contracts, models, metrics, with marks where a person must decide."""
    from lakehouse_assets.commands import project

    project.new_domain(Out(as_json), name, [*file, *(more or ())])


@app.command()
def docs(
    html: Annotated[Path, typer.Option("--html", help="The file to write.")] = Path("asklake-dictionary.html"),
    as_json: Json = False,
) -> None:
    """Write the data dictionary as one HTML file; --json prints its content instead."""
    from lakehouse_assets.commands import project

    project.docs(Out(as_json), html)


@app.command()
def maintain(as_json: Json = False) -> None:
    """Compact small files, forget old snapshots, delete files nothing needs."""
    from lakehouse_assets.commands.lake import building

    building.maintain(Out(as_json))


@app.command()
def rezone(as_json: Json = False) -> None:
    """Give all rows the days of ASKLAKE_TIME_ZONE, after it was changed; `materialize` then builds all else anew."""
    from lakehouse_assets.commands.lake import rezoning

    rezoning.rezone(Out(as_json))


@app.command()
def relocate(as_json: Json = False) -> None:
    """Make a home its own that was moved, copied or restored from a backup; the original is not touched."""
    from lakehouse_assets.commands.lake import relocating

    relocating.relocate(Out(as_json))


@app.command()
def demo(
    size: Annotated[
        int | None, typer.Option("--size", min=100, help="Events, lines or orders to make of each domain.")
    ] = None,
    days: Annotated[
        int | None, typer.Option("--days", min=30, help="Days to spread it over at most; fewer days take less time.")
    ] = None,
    until: Annotated[
        date | None,
        typer.Option(
            parser=day, metavar="DAY", help="Last day of the samples.", show_default="as before, else yesterday"
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Sample data through the whole lakehouse, and ten questions answered."""
    from lakehouse_assets.commands import demo as body

    body.demo(Out(as_json), size, days, until)


@app.command()
def dev(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of Dagit.")] = 3000,
    api_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the API and the chat page; 0 for none.")
    ] = 8000,
    read_only: ReadOnly = False,
) -> None:
    """Dagit, the daemon, the sensors, the API and the chat page, until Ctrl-C."""
    from lakehouse_assets.commands.serving import dev as body

    body.dev(Out(as_json=False), host, port, api_port, read_only=read_only)


@app.command()
def dagit(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of Dagit.")] = 3000,
    workspace: Annotated[
        Path | None,
        typer.Option(help="Dagster's workspace file.", show_default="workspace.yaml of the checkout"),
    ] = None,
    read_only: ReadOnly = False,
    with_parent: WithParent = False,
) -> None:
    """Dagit alone, guarded, until Ctrl-C; `asklake dev` starts it with all that it needs."""
    from lakehouse_assets.commands.serving import dagit as body

    body.dagit(Out(as_json=False), host, port, workspace, read_only=read_only, with_parent=with_parent)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Port = 8000,
    processes: Annotated[
        int | None, typer.Option(min=1, max=64, help="Processes that answer.", show_default="one per core, at most 4")
    ] = None,
    with_parent: WithParent = False,
) -> None:
    """The API and the chat page, until Ctrl-C."""
    from lakehouse_assets.commands.serving import serve as body

    body.serve(Out(as_json=False), host, port, processes=processes, with_parent=with_parent)


@app.command()
def mcp(tenant: Tenant = None) -> None:
    """The tools of agents by the Model Context Protocol, over standard input and output; extra: asklake[mcp]."""
    from lakehouse_assets.commands.serving import agents

    agents.serve(Out(as_json=False), tenant)


@app.command()
def settings(as_json: Json = False) -> None:
    """Every ASKLAKE_ variable, its value now, and what it decides."""
    from lakehouse_assets.commands import reference

    reference.settings(Out(as_json))


@app.command()
def parse(as_json: Json = False) -> None:
    """Build the dbt manifest that the assets are made from."""
    from lakehouse_assets.commands.lake import building

    building.parse(Out(as_json))


if __name__ == "__main__":
    main()
