"""The kinds of origin there are; a new one is a module of its own and its line here.

Belongs here: telling the kind of what was loaded. Does not belong here: anything of a kind (one module each).
"""

from __future__ import annotations

from lakehouse_assets.ingest.origins import answered, files, followed, logged, positions, pushed, queried
from lakehouse_assets.ingest.origins.protocol import Kind

KINDS: tuple[Kind, ...] = (
    pushed.KIND,
    logged.KIND,
    logged.KAFKA,
    files.UPLOADED,
    queried.WHOLE,
    answered.WHOLE,
    positions.BY_CURSOR,
    followed.KIND,
    files.KIND,
)
"""The last takes what is of no other."""


def kind_of(origin_id: str) -> Kind:
    """The kind of an origin, by its id: `source_file` of bronze tables."""
    return next(kind for kind in KINDS if origin_id.startswith(kind.scheme))
