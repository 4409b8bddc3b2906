"""`asklake train` and `asklake model`: training, what was trained, what serves, predictions.

Belongs here: what is typed and told. Does not belong here: training, the registry, predicting (ml).
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lakehouse_assets.commands.failures import CommandError, Exit, did_you_mean
from lakehouse_assets.commands.lake import building, outcomes
from lakehouse_assets.commands.lake.lookups import open_lake
from lakehouse_assets.commands.output import Out
from lakehouse_assets.ml.declared import ModelError, ModelSpec, all_models, wanted_model
from lakehouse_assets.settings import get_settings

if TYPE_CHECKING:
    from lakehouse_assets.ml.declared import Problem
    from lakehouse_assets.ml.registry.registry import Registry, Version

_HIDDEN_OF_FACTS = ("model",)


def train(out: Out, target: str, features: str | None, problem: Problem | None, minutes: float) -> None:
    """Train a declared model, or one of a column, and say how good it is."""
    from lakehouse_assets.ml.runs.training_run import train_apart

    settings = get_settings()
    spec = _spec(target, features, problem)
    _make_features(out, spec)
    with building.waiting(out, f"training {spec.name}"):
        done = train_apart(settings, spec, minutes)
    out.say(done.card)
    out.say(f"{spec.name}, version {done.version.number}", style="dim")
    if done.facts["promoted"] and spec.predictions:
        out.say(f"`asklake materialize --select {spec.predictions}` says what it predicts.")
    out.emit({"version": asdict(done.version), **_document(done.facts), "card": done.card})


def list_models(out: Out) -> None:
    """The declared models and those of columns, with what serves."""
    registry, declared = _registry(), all_models()
    rows: list[dict[str, Any]] = []
    for name in sorted({*declared, *registry.names()}):
        versions = registry.versions(name)
        newest = versions[0] if versions else None
        serving = next((v for v in versions if v.is_serving), None)
        rows.append(
            {
                "model": name,
                "title": declared[name].title if name in declared else registry.facts(versions[0])["model"]["title"],
                "versions": len(versions), "serving": serving.number if serving else None,
                "trained_at": datetime.fromtimestamp(newest.made_at_ms / 1000, UTC) if newest else None,
                "verdict": registry.facts(newest)["verdict"] if newest else None,
            }
        )  # fmt: skip
    out.table(tuple(rows[0]) if rows else (), [tuple(row.values()) for row in rows])
    out.emit({"models": rows})


def show(out: Out, name: str, number: int | None) -> None:
    """The card of a version."""
    registry, version = _version(name, number)
    out.say(registry.card(version))
    out.emit({"version": asdict(version), **_document(registry.facts(version)), "card": registry.card(version)})


def promote(out: Out, name: str, number: int) -> None:
    """Let a version serve."""
    registry, version = _version(name, number)
    registry.promote(version)
    out.say(f"Version {number} of {name} serves now.")
    out.emit({"serving": {"model": name, "version": number}})


def repeat(out: Out, name: str, number: int | None) -> None:
    """Fit a version again from what it noted, and compare."""
    from lakehouse_assets.ml.runs.training_run import fitted_again

    _, version = _version(name, number)
    same = fitted_again(get_settings(), version)
    if not same:
        raise CommandError(
            f"version {version.number} of {name} came out otherwise", "another release of a library may be installed"
        )
    out.say(f"Version {version.number} of {name} comes out the same from the snapshots and settings that it noted.")
    out.emit({"version": asdict(version), "same": same})


def _spec(target: str, features: str | None, problem: Problem | None) -> ModelSpec:
    """What is meant: a declared model, or a column.

    Raises:
        CommandError: neither; or what it needs was not named.
    """
    try:
        return wanted_model(target, features, problem)
    except ModelError as error:
        known = _names_of(target) if target.count(".") == 2 else all_models()
        hint = did_you_mean(target.rpartition(".")[2], known)
        raise CommandError(f"{str(error).rstrip('.')}{'.' if hint else ''}{hint}", "", Exit.USAGE) from error


def _names_of(target: str) -> list[str]:
    from lakehouse_assets.domains import contract_of

    try:
        return list(contract_of(target.rpartition(".")[0]).column_names)
    except LookupError:
        return []


def _make_features(out: Out, spec: ModelSpec) -> None:
    """Make the feature table if Python makes it, what it is made from is there, and it is behind or was never made."""
    from lakehouse_assets.builds.days import behind
    from lakehouse_assets.domains import python_tables

    lake = open_lake()
    table = next((t for t in python_tables() if t.identifier == spec.view.table), None)
    heads = lake.catalog.heads()
    if table is None or not set(table.reads) <= heads.keys():
        return
    if table.identifier in heads and not behind(lake, table.identifier, table.reads):
        return
    with building.builder(out) as made:
        done = building.build_all(made, [table.identifier], None, None, named=True)
    outcomes.stop_if_failed(done)


def _registry() -> Registry:
    from lakehouse_assets.ml.registry.registry import Registry

    return Registry(get_settings())


def _version(name: str, number: int | None) -> tuple[Registry, Version]:
    from lakehouse_assets.ml.registry.registry import NoVersionError

    registry = _registry()
    try:
        return registry, registry.version(name, number)
    except NoVersionError as error:
        raise CommandError(
            f"{error}{did_you_mean(name, [*all_models(), *registry.names()])}", "", Exit.USAGE
        ) from error


def _document(facts: Any) -> dict[str, Any]:
    return {key: value for key, value in facts.items() if key not in _HIDDEN_OF_FACTS}
