"""`asklake settings`: every variable, what it decides, and what it is now; and the tables of docs made from code.

Belongs here: describing the settings, and what a source may say. Does not belong here: either of them (settings,
ingest.sources).
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from lakehouse_assets.commands.output import Out
from lakehouse_assets.settings import NEEDED_BY_CLUSTER, Settings, get_settings


def settings(out: Out) -> None:
    """Print the settings of the process; secrets only as whether they are set."""
    now = get_settings()
    rows = [(variable(name), _shown(getattr(now, name)), field.description) for name, field in fields()]
    out.table(("variable", "now", "what it decides"), rows)
    out.emit({"settings": [{"variable": v, "value": value, "description": text} for v, value, text in rows]})


def fields() -> list[tuple[str, Any]]:
    """Name and definition of every setting, in order."""
    return list(Settings.model_fields.items())


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return f"ASKLAKE_{name.upper()}"


def as_markdown() -> str:
    """The settings as the table that docs/settings.md holds."""
    lines = ["| variable | default | what it decides |", "|---|---|---|"]
    for name, field in fields():
        needed = " Needed by the cluster profile." if name in NEEDED_BY_CLUSTER else ""
        lines.append(f"| `{variable(name)}` | {_default(name, field)} | {field.description}{needed} |")
    return "\n".join(lines) + "\n"


def sources_as_markdown() -> str:
    """What a source may say, as the table that docs/loading.md holds."""
    from lakehouse_assets.ingest.described.apis import Auth, Pages, Rest, Since
    from lakehouse_assets.ingest.described.databases import Database
    from lakehouse_assets.ingest.described.rows import DedupKey, Event, ReadAs, Tenant
    from lakehouse_assets.ingest.sources import Source

    parts = {"": Source, "tenant.": Tenant, "dedup_key.": DedupKey, "read_as.COLUMN.": ReadAs, "events[].": Event,
             "database.": Database, "rest.": Rest, "rest.pages.": Pages, "rest.auth.": Auth,
             "rest.since.": Since}  # fmt: skip
    lines = ["| field | default | what it says |", "|---|---|---|"]
    for prefix, model in parts.items():
        own = model.__annotations__  # those of its bases, one for each kind of source, come after them
        for name, field in sorted(model.model_fields.items(), key=lambda item: item[0] not in own):
            told = field.description or Source.model_fields[name].description  # `read_as` has fields of the source
            if field.exclude or (model is Event and name not in ("name", "when")):
                continue
            default = "" if field.default in (PydanticUndefined, None, "", ()) else f"`{json.dumps(field.default)}`"
            lines.append(f"| `{prefix}{name}` | {default} | {told} |")
    return "\n".join(lines) + "\n"


def _default(name: str, field: Any) -> str:
    if name == "home":
        return "`.asklake` in the checkout"
    value = field.default
    if value is PydanticUndefined or value is None or value == "" or isinstance(value, SecretStr):
        return ""
    return f"`{value}`"


def _shown(value: Any) -> str:
    if isinstance(value, SecretStr):
        return "set" if value.get_secret_value() else ""
    if isinstance(value, dict):
        return ", ".join(value)  # of secrets by their names
    return "" if value is None else str(value)
