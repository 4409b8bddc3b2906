"""Whether a source fills its table: columns that exist, none missing, and a tenant.

Belongs here: what is refused before anything is read. Does not belong here: the statements of a load (mapping).
"""

from __future__ import annotations

from collections.abc import Mapping as MappingType

from lakehouse_assets.ingest.described.rows import Event
from lakehouse_assets.ingest.errors import SourceError
from lakehouse_assets.ingest.sources import UNDECIDED, Source
from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.sql import literal

TECHNICAL = ("raw_payload", "record_key", "load_id", "source", "source_file", "source_row", "loaded_at")


def refuse_undecided(source: Source, tenant: str | None) -> None:
    """Refuse to load with a draft of which it is not decided how its files are read, or whose rows they hold.

    Raises:
        SourceError: it is not, or the caller names no tenant; the message names file, line and what to write.
    """
    if source.undecided:
        place = f"{source.origin or 'source'}, line {source.undecided_line}" if source.undecided_line else source.origin
        asked = "\n".join(f"- {question}" for question in source.undecided)
        raise SourceError(
            f"{place}: field 'undecided': source '{source.name}' is a draft, and this is not decided:\n{asked}\n"
            "Decide each in the fields that it names, and take its line out of 'undecided'."
        )
    if tenant is None and source.tenant and source.tenant.constant == UNDECIDED:
        place = f"{source.origin or 'source'}, line {source.tenant_line}" if source.tenant_line else source.origin
        raise SourceError(
            f"{place}: field 'tenant': source '{source.name}' is a draft: it is not decided whose rows its files hold. "
            "Write the tenant, or {expression: FIELD} where a field says it, or name one (--tenant NAME)."
        )


def tenant_mapping(source: Source, tenant: str | None, *, bound: bool = False) -> Event:
    """How tenant_id is filled: by the caller, or as the source says.

    Args:
        source: The source.
        tenant: As the caller says.
        bound: Whether the caller may send records of this tenant alone: one that says another has none.
    """
    if source.only_tenant is not None and tenant not in (None, source.only_tenant):
        raise SourceError(f"source '{source.name}' is a draft of another tenant.")
    stated = source.tenant
    if stated and stated.expression:
        if tenant is not None and bound:
            said, own = stated.expression, literal(tenant)
            only = f"case when ({said}) is null or ({said}) = {own} then {own} end"
            return Event(name="", when="true", columns={"tenant_id": only})
        if tenant is not None:
            raise SourceError(
                f"source '{source.name}' reads the tenant from each record ({stated.expression}); "
                "leave out the tenant, or use a source without one."
            )
        return Event(name="", when="true", columns={"tenant_id": stated.expression})
    value = tenant if tenant is not None else (stated.constant if stated else None)
    if value is None:
        raise SourceError(f"source '{source.name}' does not state a tenant: name one (--tenant).")
    return Event(name="", when="true", constants={"tenant_id": value})


def refuse_wrong_columns(source: Source, contract: Contract, derived: MappingType[str, str]) -> None:
    """Refuse a source that fills columns its table has not, or leaves out some that it needs.

    Args:
        source: The source.
        contract: Contract of its table.
        derived: Columns that are filled from others.

    Raises:
        SourceError: it does; the message names the columns.
    """
    known = set(contract.column_names) - set(TECHNICAL)
    needed = {c.name for c in contract.columns if not c.nullable} - set(TECHNICAL) - set(derived) - {"tenant_id"}
    for row in source.rows:
        filled = {*row.columns, *row.constants}
        where = f"{source.origin or 'source'}: source '{source.name}'" + (f", event '{row.name}'" if row.name else "")
        if unknown := sorted(filled - known):
            raise SourceError(
                f"{where}: field 'columns': {contract.identifier} has no column {', '.join(unknown)}; "
                f"it has {', '.join(sorted(known))}."
            )
        if missing := sorted(needed - filled):
            raise SourceError(f"{where}: field 'columns': nothing fills {', '.join(missing)} of {contract.identifier}.")


def refuse_same_names(source: Source) -> None:
    """The engine takes names that differ in case for one; a file may have such, an expression can read one of them."""
    seen: dict[str, str] = {}
    for name in source.fields:
        if (other := seen.setdefault(name.lower(), name)) != name:
            raise SourceError(
                f"{source.origin or 'source'}: source '{source.name}': the fields '{other}' and '{name}', which differ "
                "in case only, cannot both be read; rename one of them in the file, or load it by two sources."
            )
