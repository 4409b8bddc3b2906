"""What the codes in a column are called: STREETLIGHT_OUT is Streetlight out, UPI is Unified payments.

Belongs here: from a code to its name. Does not belong here: where names are declared (``semantic.manifest``) or read
from a table (``answering.compiling``), how cells are written (``wording.formats``), which words of a question mean a
value (``planning.finding``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

_CODE = re.compile(r"[\w-]+(?:/[\w-]+)*")
_JOINT = re.compile(r"_+|(?<=[^\W\d_])-(?=[^\W\d_])|(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
"""Where a code of several words has the next: IN_PROGRESS, walk-in, StreetLight, RTIRequest."""


@dataclass(frozen=True)
class ValueNames:
    """Names of the values of a dimension.

    ``labels`` are names by code; with ``words``, any other code that is words written together reads as these words;
    ``dimension`` is the qualified name of the dimension that has the names in the same rows, empty where none has.
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    words: bool = False
    dimension: str = ""

    def of(self, value: Any) -> str | None:
        """The name of a code; None where it has none but itself."""
        if value is None or isinstance(value, bool):
            return None
        code = str(value)
        name = self.labels.get(code) or (words_of_code(code) if self.words and isinstance(value, str) else None)
        return name if name != code else None

    def with_labels(self, labels: Mapping[str, str]) -> ValueNames:
        """The same with further names; those declared stay."""
        return replace(self, labels={**labels, **self.labels})


def words_of_code(code: str) -> str | None:
    """A code of words as these words: In progress of IN_PROGRESS; None of a text that is no code.

    Runs of capitals in a code of mixed case are abbreviations, and stay: RTI request of RTIRequest.
    """
    if not _CODE.fullmatch(code) or not any(letter.isalpha() for letter in code):
        return None
    mixed = not code.isupper()
    either = (_JOINT.split(part) for part in code.split("/"))
    said = "/".join(" ".join(_word(word, mixed=mixed) for word in words if word) for words in either)
    return said[:1].upper() + said[1:]


def _word(word: str, *, mixed: bool) -> str:
    return word if mixed and len(word) > 1 and word.isupper() else word.lower()
