"""Short names of dimensions, as people and programs write them in requests.

Belongs here: finding the full name. Does not belong here: words of questions (``planning.finding.lexicon``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from nlq.core.vocabulary import TIME_DIMENSION, Vocabulary


class AmbiguousNameError(ValueError):
    """A short name that several dimensions end in."""

    def __init__(self, name: str, found: list[str]) -> None:
        """Keep the full names."""
        super().__init__(f"'{name}' is the short name of several dimensions: say {' or '.join(found)}")
        self.name, self.found = name, found


def full_name(name: str, known: Iterable[str]) -> str:
    """The full name that is meant: as it stands, or the only one that ends in it; an unknown name stays as it is.

    Raises:
        AmbiguousNameError: several end in it.
    """
    names = sorted(known)
    if name in names or name == TIME_DIMENSION:
        return name
    found = [full for full in names if full.rsplit("__", 1)[-1] == name]
    if len(found) > 1:
        raise AmbiguousNameError(name, found)
    return found[0] if found else name


def dimensions_meant(plan: Mapping[str, Any], vocabulary: Vocabulary) -> frozenset[str]:
    """The dimensions that short names in a plan's document may mean: those of all its metrics, or any if it has none.

    Metrics that are none are left; the plan itself says what is wrong with them.
    """
    named = plan.get("metrics")
    named = named if isinstance(named, list | tuple) else ()
    known = [name for name in named if isinstance(name, str) and name in vocabulary.metrics]
    return vocabulary.shared_dimensions(known) if known else frozenset(vocabulary.dimensions)


def in_full(part: Any, full: Callable[[str], str]) -> Any:
    """A plan's document with the short names of dimensions in full, wherever a plan names dimensions."""
    if isinstance(part, dict):
        return {
            key: full(value) if key in ("dimension", "field", "time_of") and isinstance(value, str) else
            [full(name) if isinstance(name, str) else name for name in value]
            if key in ("group_by", "within") and isinstance(value, list | tuple) else
            in_full(value, full)
            for key, value in part.items()
        }  # fmt: skip
    return [in_full(item, full) for item in part] if isinstance(part, list | tuple) else part
