"""What the config of a run may hold at most: whoever launches a run in Dagit or by GraphQL writes it.

Belongs here: bounds of every config. Does not belong here: what one config means (its asset), or which of its files
may be read (ingest.allowed).
"""

from __future__ import annotations

import dagster as dg

MAX_ENTRIES = 100_000
MAX_PATH = 4_096
MAX_NAME = 200


def refuse_oversized(config: dg.Config, *, names: frozenset[str], **longest: int) -> None:
    """Refuse a config that holds more, or longer texts, than a run takes.

    Not by limits of the fields themselves, which Dagster asks for so early that the run would be tried again for them.

    Args:
        config: The config; its fields are texts, lists of texts, and yes or no.
        names: Fields that are names: short, on one line, and printable.
        **longest: Most characters of a text of a field, where that is not `MAX_PATH`.

    Raises:
        dagster.Failure: the field, and what is wrong with it.
    """
    for field in type(config).model_fields:
        value = getattr(config, field)
        if isinstance(value, bool):
            continue
        texts = value if isinstance(value, list) else [value]
        if len(texts) > MAX_ENTRIES:
            raise _failure(field, f"has {len(texts):,} entries; a run takes {MAX_ENTRIES:,}: launch several")
        limit = MAX_NAME if field in names else longest.get(field, MAX_PATH)
        if (length := max(map(len, texts), default=0)) > limit:
            raise _failure(field, f"has {length:,} characters; {limit:,} are the most")
        if field in names and not all(text.isprintable() for text in texts):
            raise _failure(field, "holds line ends or control characters; write a plain name")


def _failure(field: str, problem: str) -> dg.Failure:
    return dg.Failure(f"`{field}` of the run config {problem}", allow_retries=False)
