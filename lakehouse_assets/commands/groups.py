"""Commands of several words, such as `asklake quarantine list`: what can be typed, which body it calls.

Belongs here: arguments, options, help. Does not belong here: the other commands (cli.py), or what any of them does.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lakehouse_assets.commands.options import At, Limit, Tenant
from lakehouse_assets.commands.output import Json, Out

quarantine_app = typer.Typer(
    no_args_is_help=True, help="Records that could not be loaded: what is wrong, and loading them after a fix."
)
branch_app = typer.Typer(
    help="Branches of the cluster profile: people's, and those that publications left.", invoke_without_command=True
)
key_app = typer.Typer(
    no_args_is_help=True, help="Keys of the API: who may ask over HTTP, for which tenant, in which role."
)
source_app = typer.Typer(no_args_is_help=True, help="Sources that read databases: whether they can, and what is new.")
suggest_app = typer.Typer(
    help="Words that people use and the semantic layer does not know, from questions that failed.",
    invoke_without_command=True,
)
dashboard_app = typer.Typer(no_args_is_help=True, help="Dashboards: which there are, and the figures of one.")
alert_app = typer.Typer(
    no_args_is_help=True, help="Alerts and subscriptions: be told when a figure moves, be sent one by the clock."
)

OnlySource = Annotated[str | None, typer.Option("--source", help="Only records of this source.")]
OnlyLoad = Annotated[str | None, typer.Option("--load", help="Only records of this load.")]
BranchName = Annotated[str, typer.Argument(help="A branch, as `asklake branch` lists it.")]
Ids = Annotated[list[str] | None, typer.Argument(help="Ids of records; all that the options name, if none.")]


@quarantine_app.command("list")
def quarantine_list(source: OnlySource = None, load: OnlyLoad = None, as_json: Json = False) -> None:
    """What is in quarantine, by source, column and reason."""
    from lakehouse_assets.commands.lake import quarantine

    quarantine.list_records(Out(as_json), source, load)


@quarantine_app.command("show")
def quarantine_show(
    ids: Ids = None, source: OnlySource = None, load: OnlyLoad = None, limit: Limit = 20, as_json: Json = False
) -> None:
    """The records themselves: file, line, column, reason and raw text."""
    from lakehouse_assets.commands.lake import quarantine

    quarantine.show(Out(as_json), ids or (), source, load, limit)


@quarantine_app.command("replay")
def quarantine_replay(
    ids: Ids = None,
    source: OnlySource = None,
    load: OnlyLoad = None,
    mapping: Annotated[Path | None, typer.Option("--mapping", help="YAML file with the mended source.")] = None,
    as_json: Json = False,
) -> None:
    """Load quarantined records again, after their source definition was put right."""
    from lakehouse_assets.commands.lake import quarantine

    quarantine.replay(Out(as_json), ids or (), source, load, mapping)


@source_app.command("test")
def source_test(
    name: Annotated[str, typer.Argument(help="Name of a source that reads a database.")],
    mapping: Annotated[Path | None, typer.Option("--mapping", help="YAML file with a source of your own.")] = None,
    tenant: Tenant = None,
    as_json: Json = False,
) -> None:
    """See whether a source can be loaded: connection, table, columns, cursor or publication; and what it would load."""
    from lakehouse_assets.commands.lake import sources

    sources.test(Out(as_json), name, mapping, tenant)


@branch_app.callback()
def branch(context: typer.Context, as_json: Json = False) -> None:
    """List the branches: people's, and those of publications that were refused, are under way, or dead."""
    from lakehouse_assets.commands.lake import versions

    if context.invoked_subcommand is None:
        versions.list_branches(Out(as_json))


@branch_app.command("create")
def branch_create(
    name: Annotated[str, typer.Argument(help="Its name: lower-case letters, digits, dashes.")],
    start: Annotated[
        str | None,
        typer.Option("--from", metavar="COMMIT|TIME", help="Where to begin; as main is now, if not given."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a branch to work on: with ASKLAKE_BRANCH=NAME every command reads it and publishes to it."""
    from lakehouse_assets.commands.lake import versions

    versions.create_branch(Out(as_json), name, start)


@branch_app.command("diff")
def branch_diff(
    name: BranchName,
    samples: Annotated[int, typer.Option("--rows", min=0, max=100, help="Most rows to show of each side.")] = 5,
    as_json: Json = False,
) -> None:
    """Count the rows in which a branch differs from main, table by table, and show some."""
    from lakehouse_assets.commands.lake import versions

    versions.diff_branch(Out(as_json), name, samples)


@branch_app.command("merge")
def branch_merge(name: BranchName, as_json: Json = False) -> None:
    """Make all that a branch changed visible on main, in one commit, and remove the branch."""
    from lakehouse_assets.commands.lake import versions

    versions.merge_branch(Out(as_json), name)


@branch_app.command("drop")
def branch_drop(name: BranchName, as_json: Json = False) -> None:
    """Remove a branch; main is not touched."""
    from lakehouse_assets.commands.lake import versions

    versions.drop_branch(Out(as_json), name)


@key_app.command("create")
def key_create(
    name: Annotated[str, typer.Argument(help="What to know it by, for example the program that will use it.")],
    tenant: Tenant = None,
    role: Annotated[str, typer.Option("--role", help="analyst, viewer (of one tenant) or admin.")] = "analyst",
    as_json: Json = False,
) -> None:
    """Make a key; its text is shown once."""
    from lakehouse_assets.commands.serving import keys

    keys.create(Out(as_json), name, tenant, role)


@key_app.command("list")
def key_list(as_json: Json = False) -> None:
    """Every key, without its text."""
    from lakehouse_assets.commands.serving import keys

    keys.list_keys(Out(as_json))


@key_app.command("revoke")
def key_revoke(
    key_id: Annotated[str, typer.Argument(help="Id that `asklake key list` shows.")], as_json: Json = False
) -> None:
    """End a key at once, and sign out the browsers that use it."""
    from lakehouse_assets.commands.serving import keys

    keys.revoke(Out(as_json), key_id)


@key_app.command("forget")
def key_forget(as_json: Json = False) -> None:
    """Forget revoked keys; with none left, everyone on this machine may ask again without one."""
    from lakehouse_assets.commands.serving import keys

    keys.forget(Out(as_json))


@suggest_app.callback()
def suggest_list(
    context: typer.Context,
    days: Annotated[int, typer.Option("--days", help="How many days back to read.")] = 30,
    questions: Annotated[int, typer.Option("--questions", help="How many questions to read, newest first.")] = 20_000,
    tenant: Tenant = None,
    dismiss: Annotated[
        str | None, typer.Option("--dismiss", metavar="ID", help="Never propose this one again.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Propose synonyms from questions that were refused or asked back, and what their askers did next."""
    from lakehouse_assets.commands.asking import suggest

    out, read = Out(as_json), suggest.Reading(days, questions, tenant)
    if context.invoked_subcommand:
        context.obj = read
    elif dismiss:
        suggest.dismiss(out, read, dismiss)
    else:
        suggest.propose(out, read)


@suggest_app.command("accept")
def suggest_accept(
    context: typer.Context,
    suggestion: Annotated[str, typer.Argument(metavar="ID", help="A suggestion, as `asklake suggest` lists it.")],
    only_print: Annotated[bool, typer.Option("--print", help="Print what would change instead of writing it.")] = False,
    as_json: Json = False,
) -> None:
    """Write a proposed word into the YAML where its metric or dimension is declared."""
    from lakehouse_assets.commands.asking import suggest

    suggest.accept(Out(as_json), context.obj, suggestion, only_print=only_print)


@dashboard_app.command("list")
def dashboard_list(tenant: Tenant = None, as_json: Json = False) -> None:
    """The dashboards that have a figure to show."""
    from lakehouse_assets.commands.asking import dashboards

    dashboards.list_dashboards(Out(as_json), tenant)


@dashboard_app.command("show")
def dashboard_show(
    dashboard: Annotated[str, typer.Argument(metavar="ID", help="A dashboard, as `asklake dashboard list` names it.")],
    page: Annotated[str | None, typer.Option("--page", help="One of its pages; all if none is named.")] = None,
    period: Annotated[
        str | None, typer.Option("--period", help="last_30_days, last_month, this_year, all, …; its own if none.")
    ] = None,
    where: Annotated[
        list[str] | None, typer.Option("--where", "-w", help='Filter of all figures that know it: "ward_id=WARD_03".')
    ] = None,
    tenant: Tenant = None,
    at: At = None,
    pdf: Annotated[Path | None, typer.Option("--pdf", help="Write them into this file instead, as PDF.")] = None,
    png: Annotated[Path | None, typer.Option("--png", help="As a picture: the page, or the first.")] = None,
    xlsx: Annotated[Path | None, typer.Option("--xlsx", help="As an Excel workbook.")] = None,
    csv: Annotated[Path | None, typer.Option("--csv", help="As CSV.")] = None,
    as_json: Json = False,
) -> None:
    """The figures of a dashboard, as tables, or as a file."""
    from lakehouse_assets.commands.asking import dashboards

    files = {"pdf": pdf, "png": png, "xlsx": xlsx, "csv": csv}
    wanted = {kind: file for kind, file in files.items() if file}
    dashboards.show(Out(as_json), dashboard, page, period, where or (), tenant, at, wanted)


@alert_app.command("add")
def alert_add(
    sentence: Annotated[str, typer.Argument(help="What is wished for: “tell me when backlog in ward 3 passes 100”.")],
    to: Annotated[list[str] | None, typer.Option("--to", help="A target, or a mail address; several times.")] = None,
    quiet: Annotated[str | None, typer.Option("--quiet", help="Hours in which nothing is sent: 22:00-07:00.")] = None,
    tenant: Tenant = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Keep it without asking.")] = False,
    as_json: Json = False,
) -> None:
    """Make one from a sentence: it says what it understood, and keeps it once that is agreed to."""
    from lakehouse_assets.commands.asking import alerts

    alerts.add(Out(as_json), sentence, to or (), quiet, tenant, yes=yes)


@alert_app.command("list")
def alert_list(tenant: Tenant = None, as_json: Json = False) -> None:
    """Those there are, where they stand, and how the targets do."""
    from lakehouse_assets.commands.asking import alerts

    alerts.show_all(Out(as_json), tenant)


AlertId = Annotated[str, typer.Argument(metavar="ID", help="An alert, as `asklake alert list` names it.")]


@alert_app.command("show")
def alert_show(alert: AlertId, tenant: Tenant = None, as_json: Json = False) -> None:
    """What one means, what was told of it, and what waits to be sent."""
    from lakehouse_assets.commands.asking import alerts

    alerts.show(Out(as_json), alert, tenant)


@alert_app.command("mute")
def alert_mute(
    alert: AlertId,
    hours: Annotated[float, typer.Option("--hours", min=0, max=8_784, help="For how long; 0: send again.")] = 24,
    tenant: Tenant = None,
    as_json: Json = False,
) -> None:
    """Send nothing of one for a while."""
    from lakehouse_assets.commands.asking import alerts

    alerts.mute(Out(as_json), alert, hours, tenant)


@alert_app.command("remove")
def alert_remove(alert: AlertId, tenant: Tenant = None, as_json: Json = False) -> None:
    """Let one be no more; its history stays for a while."""
    from lakehouse_assets.commands.asking import alerts

    alerts.remove(Out(as_json), alert, tenant)


@alert_app.command("test")
def alert_test(
    target: Annotated[str, typer.Argument(help="A target, or a mail address.")], as_json: Json = False
) -> None:
    """Send a message to a target now, to see whether it arrives."""
    from lakehouse_assets.commands.asking import alerts

    alerts.test(Out(as_json), target)
