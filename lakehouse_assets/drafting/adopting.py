"""A draft that a person accepts while the service runs: its source and its table of bronze, as data.

Belongs here: what is kept of a design, and which names it may take. Does not belong here: keeping it (adopted), who may
accept one (service), or the files of a domain (writing), which say the same once there is one.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from lakehouse_assets.adopted import Adopted, AdoptedColumn
from lakehouse_assets.domains import DOMAINS
from lakehouse_assets.drafting import naming
from lakehouse_assets.drafting.design import Column, Design, Feed
from lakehouse_assets.drafting.edits import EditsError
from lakehouse_assets.drafting.tables import Tables
from lakehouse_assets.ingest.sources import Source

PLATFORM_NAMES = ("platform", "bronze", "silver", "gold", "platinum", "semantic", "models")


def refuse_name(name: str) -> None:
    """Refuse what cannot be the name of a domain.

    Raises:
        EditsError: it cannot; the text says what to do.
    """
    if not naming.is_valid(name):
        near = naming.snake(name)
        hint = f"; try {near}" if near not in naming.reserved() else ""
        raise EditsError(f"'{name[:100]}' cannot be a domain: small letters, digits and _, a letter first{hint}")
    if name in naming.reserved() or name in PLATFORM_NAMES or len(name) > naming.MAX_NAME:
        raise EditsError(
            f"'{name[:100]}' cannot be a domain: it means something already, or is too long; "
            "add a word to it, or take a shorter one"
        )
    if name in DOMAINS:
        raise EditsError(f"there is a domain '{name}'; choose another name")


def source_of(design: Design, feed: Feed) -> dict[str, Any]:
    """A source as `sources.yml` of a draft says it."""
    said: dict[str, Any] = {"name": feed.name, "format": feed.sample.format, **feed.sample.stated}
    said["target"] = f"bronze.{feed.name}_raw"
    expression = feed.tenant and feed.sample.expression(feed.tenant)
    said["tenant"] = {"expression": expression} if expression else {"constant": design.tenant}
    said["time_zone"] = design.zone
    if feed.date_formats:
        said["date_formats"] = feed.date_formats
    said["decimal_sign"], said["thousands_sign"] = feed.signs
    said["read_as"] = feed.read_as
    if feed.null_values:
        said["null_values"] = feed.null_values
    said["dedup_key"] = {"fields": feed.key, "occurrence": feed.occurrence}
    said["columns"] = {c.name: c.expression for c in feed.mapped}
    if feed.time and not feed.time.expression:
        said["constants"] = {feed.time.name: feed.recorded_at}
    said["undecided"] = feed.questions
    return said


def adopt(design: Design, *, tenant: str | None, job: str, by: str) -> Adopted:
    """What is kept of a design with one feed.

    Args:
        design: The design, as the person decided it.
        tenant: Whose files it is for; None where for anyone's.
        job: The upload that it is accepted with.
        by: Name of who accepts it.

    Raises:
        EditsError: no table can be made of it, or something is not decided.
    """
    (feed,) = design.feeds
    refuse_name(feed.name)
    feed.edits.refuse_unfit(feed.sample.fields, [c.name for c in feed.columns])
    if feed.edits.time and feed.edits.time not in [f.field for f in feed.found if f.is_time]:
        raise EditsError(f"The field “{feed.edits.time[:100]}” holds no days or times; choose another.")
    if feed.questions:
        raise EditsError(f"This is not decided: {'; '.join(feed.questions)}.")
    table = Tables(feed, []).bronze
    source = source_of(design, feed)
    Source.model_validate(source)
    return Adopted(
        name=feed.name, tenant=tenant, job=job, accepted_by=by, accepted_at=datetime.now(UTC),
        edits=feed.edits.model_dump(exclude_defaults=True), source=source, description=table.description,
        grain=table.grain, key=list(table.key), day=feed.day.name, first_day=design.first_day,
        columns=[
            AdoptedColumn(name=c.name, type=c.type, description=_described(c), nullable=c.nullable)
            for c in table.columns
        ],
    )  # fmt: skip


def _described(column: Column) -> str:
    """What a column means, without the values that a draft shows: others may read it."""
    return f"{naming.label(column.name)}." if column.finding else column.description
