"""Commands that tell more than figures, such as `asklake train`: what can be typed, which body it calls.

Belongs here: arguments, options, help of models, search and insights. Does not belong here: the other commands (cli.py,
groups), or what any of them does.
"""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from lakehouse_assets.commands.options import At, Tenant
from lakehouse_assets.commands.output import Json, Out

model_app = typer.Typer(no_args_is_help=True, help="Models: which were trained, how good they are, which serve.")

ModelName = Annotated[str, typer.Argument(metavar="MODEL", help="A model, as `asklake model list` names it.")]
VersionNumber = Annotated[int | None, typer.Option("--version", min=1, help="That version; what serves if none.")]


def train(
    target: Annotated[str, typer.Option("--target", "-t", help="A model of models.yml, or layer.table.column.")],
    features: Annotated[str | None, typer.Option("--features", "-f", help="With a column: the feature view.")] = None,
    problem: Annotated[
        Literal["binary", "regression"] | None, typer.Option("--problem", help="With a column; by its type if none.")
    ] = None,
    minutes: Annotated[float, typer.Option("--minutes", min=0.1, max=30, help="After which it ends.")] = 5,
    as_json: Json = False,
) -> None:
    """Train a model on features as they were known, judge it beside baselines, let it serve if it is better."""
    from lakehouse_assets.commands import models

    models.train(Out(as_json), target, features, problem, minutes)


def search(
    words: Annotated[list[str] | None, typer.Argument(help="What to search for, in your own words.")] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            "--kind",
            help="Only metric, dimension, table, column, dashboard, tile, question or document; several times.",
        ),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=50, help="Most passages to show.")] = 10,
    update: Annotated[
        bool, typer.Option("--update", help="Bring the whole index up to date, however long it takes.")
    ] = False,
    tenant: Tenant = None,
    as_json: Json = False,
) -> None:
    """Find metrics, tables, dashboards, past questions and documents by what they mean."""
    from lakehouse_assets.commands.asking import search as searching

    out, query = Out(as_json), " ".join(words or ())
    kinds = searching.kinds_of(kind or ())
    updated = searching.update(out) if update else None
    if query or not update:
        searching.search(out, query, kinds, limit, tenant, updated=updated)
    else:
        out.emit(updated)


def insights(
    domain: Annotated[str | None, typer.Argument(help="One domain; all if none is named.")] = None,
    tenant: Tenant = None,
    at: At = None,
    as_json: Json = False,
) -> None:
    """What is unusual in the figures, what lasts, why they moved, and what comes next."""
    from lakehouse_assets.commands.asking import insights as shown

    shown.show(Out(as_json), domain, tenant, at)


@model_app.command("list")
def model_list(as_json: Json = False) -> None:
    """The models there are, which version of each serves, and what was found of the newest."""
    from lakehouse_assets.commands import models

    models.list_models(Out(as_json))


@model_app.command("show")
def model_show(model: ModelName, version: VersionNumber = None, as_json: Json = False) -> None:
    """The card of a model: what it learnt from, how good it is beside baselines, what it goes by, its limits."""
    from lakehouse_assets.commands import models

    models.show(Out(as_json), model, version)


@model_app.command("promote")
def model_promote(
    model: ModelName,
    version: Annotated[int, typer.Argument(min=1, help="The version that is to serve.")],
    as_json: Json = False,
) -> None:
    """Let a version serve, whatever was found when it was judged: yours to decide, and to take back."""
    from lakehouse_assets.commands import models

    models.promote(Out(as_json), model, version)


@model_app.command("repeat")
def model_repeat(model: ModelName, version: VersionNumber = None, as_json: Json = False) -> None:
    """Fit a version again from the snapshots and settings that it noted, and see whether it comes out the same."""
    from lakehouse_assets.commands import models

    models.repeat(Out(as_json), model, version)
