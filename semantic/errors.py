"""What can be wrong with a request to the semantic layer, said so that a person knows what to do.

Only errors belong here.
"""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz import process


class SemanticError(Exception):
    """A request that the semantic layer cannot turn into SQL; the message says why and what to ask instead."""


class UnknownNameError(SemanticError):
    """A metric, dimension or saved query of a name that the manifest does not have, or not for these metrics."""


class AmbiguousDimensionError(SemanticError):
    """A short dimension name that could mean several dimensions."""


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of a sentence that names what may have been meant; empty when nothing is near."""
    found = [match for match, _, _ in process.extract(name, sorted(known), limit=3, score_cutoff=55)]
    return f"; did you mean {', '.join(found)}?" if found else ""
