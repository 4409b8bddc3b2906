"""What a model is: a YAML declaration of what it predicts, by which features, and where its predictions go.

Belongs here: the model of that YAML, reading it, holding it to views and contracts, and the declaration that a command
makes of a column. Does not belong here: examples or fitting.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from lakehouse_assets.declared import DeclarationError, by_name, read_declared
from lakehouse_assets.domains import contract_of, files_named
from lakehouse_assets.features import FeatureError, FeatureView, all_views, find_view

FILE_NAME = "models.yml"
_NUMBERS = ("INTEGER", "BIGINT", "DOUBLE", "DECIMAL", "BOOLEAN")
Problem = Literal["binary", "regression"]
"""What is predicted: a probability, or a number."""
Outcome = Literal["none", "any", "sum", "value", "row"]


class ModelError(DeclarationError):
    """A model is declared wrongly or unknown."""


class Target(BaseModel):
    """What became of an entity, from a table that says it.

    With `none`, `any`, `sum` and `value` the table has events: those from the day on for `horizon_days` count. With
    `row` it has a row for each entity; `known_on` is the day at whose beginning its outcome is known in any case: it
    must not depend on the outcome, or what ends late would not be learnt from.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    description: str = Field(min_length=1)
    table: str = Field(pattern=r"^[a-z]+\.[a-z][a-z0-9_]*$")
    outcome: Outcome = Field(
        description="none: 1 if there is no event; any: 1 if there is one; sum: of `column`; value: `column` of that "
        "day; row: `column` of the entity's row."
    )
    date: str = Field(description="Date of the table's events; with `row`, a date of it that says how far it reaches.")
    horizon_days: int = Field(default=1, ge=1, le=365)
    column: str | None = Field(default=None, description="Column, or SQL over the columns of the table.")
    known_on: str | None = Field(default=None, description="With `row`: SQL over the columns of the table, a date.")
    where: str | None = Field(default=None, description="SQL over the columns of the table: which rows count.")

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Self:
        if (self.outcome in ("sum", "value", "row")) != (self.column is not None):
            raise ValueError(f"outcome '{self.outcome}' " + ("takes no column" if self.column else "needs a column"))
        if (self.outcome == "row") != (self.known_on is not None):
            raise ValueError("known_on is stated with outcome 'row', and with no other")
        return self


class ModelSpec(BaseModel):
    """A model: what it predicts of which entities."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str = Field(min_length=1)
    description: str = Field(min_length=1)
    owner: str = Field(pattern=r"^team:.+", description="Who answers for it.")
    problem: Problem
    features: str = Field(description="The feature view it goes by.")
    target: Target
    naive: tuple[str, ...] = Field(default=(), description="Features of which baselines are made.")
    same_unit: bool = Field(default=False, description="Whether these, as they stand, predict the target.")
    predictions: str | None = Field(default=None, pattern=r"^semantic\.[a-z][a-z0-9_]*$")
    described_by: str | None = Field(
        default=None, pattern=r"^[a-z]+\.[a-z][a-z0-9_]*$", description="Table with a row for each entity."
    )
    shown: tuple[str, ...] = Field(
        default=(),
        description="What predictions have beside each entity, to be grouped by: columns of `described_by`, "
        "or else features.",
    )
    retrain_after_days: int = Field(default=30, ge=1)

    @property
    def view(self) -> FeatureView:
        """The feature view it goes by."""
        return find_view(self.features)

    @property
    def is_declared(self) -> bool:
        """Whether a file declares it, rather than a command."""
        return self.name in all_models()


def read_models(path: Path) -> list[ModelSpec]:
    """Read a models file: `models:` with a list of models.

    Raises:
        ModelError: the file is missing or wrong, or a model is at odds with views or contracts; the message names
            file, line and field.
    """
    return read_declared(path, "model", ModelSpec, ModelError, at_odds)


def at_odds(spec: ModelSpec) -> str:
    """What a declaration says other than its view and the contracts; nothing if nothing is."""
    try:
        view, target = spec.view, contract_of(spec.target.table)
        predicted = contract_of(spec.predictions) if spec.predictions else None
    except FeatureError as error:
        return f"field 'features': {error}"
    except LookupError as error:
        return f"fields 'target' and 'predictions': {error}"
    if missing := [c for c in view.entity if c not in target.types]:
        return f"field 'target.table': {target.identifier} has no {', '.join(missing)}, which names an entity"
    if target.types.get(spec.target.date) != "DATE":
        return f"field 'target.date': {target.identifier} has no date '{spec.target.date}'"
    if unknown := [f for f in spec.naive if f not in view.features]:
        return f"field 'naive': view '{view.name}' has no feature {', '.join(unknown)}"
    if texts := [f for f in spec.naive if not view.contract.types[f].startswith(_NUMBERS)]:
        return f"field 'naive': {', '.join(texts)} is no number"
    if predicted and (missing := [c for c in (*view.entity, *spec.shown, "predicted_on") if c not in predicted.types]):
        return f"field 'predictions': the contract of {spec.predictions} has no {', '.join(missing)}"
    return _shown_at_odds(spec)


def _shown_at_odds(spec: ModelSpec) -> str:
    """What is said of columns to be shown other than there is."""
    if spec.described_by is None:
        strange = [c for c in spec.shown if c not in spec.view.features]
        return f"field 'shown': view '{spec.view.name}' has no feature {', '.join(strange)}" if strange else ""
    try:
        described = contract_of(spec.described_by)
    except LookupError as error:
        return f"field 'described_by': {error}"
    if set(described.key) != set(spec.view.entity):
        return f"field 'described_by': {described.identifier} has a row for each {', '.join(described.key)}"
    strange = [c for c in spec.shown if c not in described.types]
    return f"field 'shown': {described.identifier} has no {', '.join(strange)}" if strange else ""


@cache
def all_models() -> dict[str, ModelSpec]:
    """Every declared model of every domain, by name.

    Raises:
        ModelError: a file is wrong, or two models share a name.
    """
    return by_name(files_named(FILE_NAME), read_models, "model", ModelError)


def find_model(name: str) -> ModelSpec:
    """The declared model of this name.

    Raises:
        ModelError: there is none; the message names those there are.
    """
    models = all_models()
    if name not in models:
        raise ModelError(f"there is no model '{name}'; known: {', '.join(sorted(models)) or 'none'}.")
    return models[name]


def wanted_model(target: str, features: str | None, problem: Problem | None) -> ModelSpec:
    """What is to be trained: a declared model by its name, or one of a column, `layer.table.column`.

    Raises:
        ModelError: neither; or what it needs was not named, or is declared otherwise; the message says what there is.
    """
    declared = all_models()
    if target in declared:
        if features not in (None, declared[target].features) or problem not in (None, declared[target].problem):
            raise ModelError(
                f"model '{target}' declares its features ({declared[target].features}) and its problem "
                f"({declared[target].problem}): leave them out."
            )
        return declared[target]
    if target.count(".") != 2:
        raise ModelError(
            f"there is no model '{target}': name one of {', '.join(sorted(declared)) or 'none'}, or a column as "
            "layer.table.column."
        )
    if features is None:
        fitting = views_for(target)
        known = f"view {' or '.join(fitting)} fits" if fitting else "a view of the same entities has to be declared"
        raise ModelError(f"by which features is {target} to be predicted? {known}.")
    return spec_of_column(target, features, problem)


def spec_of_column(target: str, features: str, problem: Problem | None) -> ModelSpec:
    """A model of a column that a command names, `layer.table.column`: its value on the day that the features hold.

    Raises:
        ModelError: no such view, table or column, or one that has no value for each entity and day.
    """
    table, _, column = target.rpartition(".")
    try:
        view, contract = find_view(features), contract_of(table)
    except (LookupError, FeatureError) as error:
        raise ModelError(str(error)) from error
    types = contract.types
    if column not in types:
        raise ModelError(f"{table} has no column '{column}'; it has {', '.join(_possible(types, contract.key))}.")
    if not types[column].startswith(_NUMBERS):
        raise ModelError(
            f"{target} is {types[column]}: a target is a number or a truth value; {table} has "
            f"{', '.join(_possible(types, contract.key)) or 'none'}."
        )
    days = [c for c in contract.key if types[c] == "DATE"]
    if set(contract.key) != {*view.entity, *days} or len(days) != 1:
        raise ModelError(
            f"{table} has a row for each {', '.join(contract.key)}, and not for each {', '.join(view.entity)} and day: "
            f"declare the target in {FILE_NAME}, where events of a while can be counted or summed."
        )
    kind: Problem = problem or ("binary" if types[column] == "BOOLEAN" else "regression")
    wanted = Target(description=target, table=table, outcome="value", date=days[0], column=column)
    return ModelSpec(
        name=f"column_{contract.table}_{column}", title=target, description=f"{target} of each day.",
        owner=contract.owner, problem=kind, features=features, target=wanted,
    )  # fmt: skip


def views_for(target: str) -> Sequence[str]:
    """The feature views whose entities the table of a target, `layer.table.column`, has a row of for each day."""
    try:
        contract = contract_of(target.rpartition(".")[0])
    except LookupError:
        return []
    return [v.name for v in all_views().values() if set(v.entity) < set(contract.key)]


def _possible(types: dict[str, str], key: Sequence[str]) -> list[str]:
    return [c for c, kind in types.items() if c not in key and kind.startswith(_NUMBERS)]
