"""What a feature view is: a YAML description of features that a platinum table holds of an entity.

Belongs here: the model of that YAML, reading it, and holding it to the table's contract.
Does not belong here: reading features (retrieval).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from lakehouse_assets.declared import DeclarationError, by_name, read_declared
from lakehouse_assets.domains import contract_of, files_named
from lakehouse_assets.lakehouse.contract import Contract

FILE_NAME = "features.yml"


class FeatureError(DeclarationError):
    """A feature view is wrong or unknown, or features are asked for that it does not have."""


class FeatureView(BaseModel):
    """Features of an entity, a row per entity and date; a row holds from the beginning of its date on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    description: str = Field(min_length=1)
    table: str = Field(pattern=r"^platinum\.[a-z][a-z0-9_]*$")
    entity: tuple[str, ...] = Field(min_length=1, description="Columns that name the entity.")
    date: str = Field(description="Column with the date at whose beginning a row holds.")
    owner: str = Field(pattern=r"^team:.+", description="Who answers for the features.")
    freshness_days: int = Field(ge=1, description="Days, its own among them, on which a row may be used.")
    features: tuple[str, ...] = Field(min_length=1, description="Columns that are features.")

    @property
    def contract(self) -> Contract:
        """The contract of the table, which says what each feature is."""
        return contract_of(self.table)


def read_views(path: Path) -> list[FeatureView]:
    """Read a features file: `views:` with a list of views.

    Raises:
        FeatureError: the file is missing or wrong, or a view is at odds with the contract of its table; the message
            names file, line and field.
    """
    return read_declared(path, "view", FeatureView, FeatureError, _at_odds)


def _at_odds(view: FeatureView) -> str:
    """What a view says other than the contract of its table; nothing if nothing is."""
    try:
        contract = view.contract
    except LookupError as error:
        return f"field 'table': {error}"
    if set(contract.key) != {*view.entity, view.date}:
        return f"fields 'entity' and 'date': must be the key of {view.table}: {', '.join(contract.key)}"
    if contract.types[view.date] != "DATE":
        return f"field 'date': {view.date} is not a date"
    if unknown := [f for f in view.features if f not in contract.types or f in contract.key]:
        return f"field 'features': {view.table} has no feature {', '.join(unknown)}"
    if contract.owner != view.owner:
        return f"field 'owner': the contract of {view.table} names {contract.owner}"
    return ""


@cache
def all_views() -> dict[str, FeatureView]:
    """Every feature view of every domain, by name.

    Raises:
        FeatureError: a file is wrong, or two views share a name.
    """
    return by_name(files_named(FILE_NAME), read_views, "view", FeatureError)


def find_view(name: str) -> FeatureView:
    """The feature view of this name.

    Raises:
        FeatureError: there is none; the message names those there are.
    """
    views = all_views()
    if name not in views:
        raise FeatureError(f"there is no feature view '{name}'; known: {', '.join(sorted(views)) or 'none'}.")
    return views[name]


def views_of(table: str) -> list[FeatureView]:
    """The feature views over a table, `layer.table`; none of most."""
    return [view for view in all_views().values() if view.table == table]
