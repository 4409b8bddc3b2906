"""When two spellings are one value, and when they are only alike.

Unicode writes some letters in two ways, composed and decomposed (NFC, NFD); they look the same, and are. Case and
blanks around or between words may tell values apart, and often do not: such values are alike.

Belongs here: both relations, and finding the stored spellings that a text names. Does not belong here: words of
questions (``words``), what is refused (``guard``).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from rapidfuzz import fuzz, process


def same_form(value: Any) -> str:
    """Equal for spellings of one value, however its letters are stored."""
    return unicodedata.normalize("NFC", str(value))


def places(text: str) -> Sequence[int]:
    """Where each letter of ``same_form(text)``, and its end, is in the text itself."""
    if unicodedata.is_normalized("NFC", text):
        return range(len(text) + 1)
    found, first, whole = [0], 0, ""
    for at, letter in enumerate(text):
        joined = same_form(whole + letter)
        if whole and joined == whole + letter and not unicodedata.combining(letter):
            first, joined = at, letter  # nothing of it belongs to the letter before
        else:
            del found[len(found) - len(whole) :]
        found += [first] * (len(joined) - 1) + [at + 1]
        whole = joined
    return found


def written_forms(text: str) -> tuple[str, ...]:
    """A text in each form in which its letters may be stored."""
    return tuple(dict.fromkeys(unicodedata.normalize(form, text) for form in ("NFC", "NFD")))


def alike_form(value: Any) -> str:
    """Equal for values that differ by case and blanks alone, too."""
    return " ".join(same_form(same_form(value).casefold()).split())


def plain_form(value: Any) -> str:
    """Equal for values that differ by accents, as well; near enough to be asked about, never to answer by."""
    parts = unicodedata.normalize("NFKD", alike_form(value))
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


def one_of_each(values: Iterable[Any]) -> tuple[Any, ...]:
    """The values, each in the first of its spellings."""
    found: dict[str, Any] = {}
    for value in values:
        found.setdefault(same_form(value), value)
    return tuple(found.values())


def spellings(text: Any, values: Iterable[Any]) -> list[tuple[Any, ...]]:
    """The values that a text may name, each with all its stored spellings.

    One, where the text is exactly that value; several, where it differs from each of them by case or blanks.
    """
    wanted, exactly = alike_form(text), same_form(text)
    found: dict[str, list[Any]] = {}
    for value in values:
        if alike_form(value) == wanted:
            found.setdefault(same_form(value), []).append(value)
    chosen = [found[exactly]] if exactly in found else list(found.values())
    return [tuple(dict.fromkeys(group)) for group in chosen]


def nearest_values(text: Any, values: Sequence[Any], count: int = 5) -> list[str]:
    """The values that come nearest to a text in spelling; the first of all where none does."""
    shown = [str(value) for value in one_of_each(values)]
    found = process.extract(
        plain_form(text), [plain_form(value) for value in shown], scorer=fuzz.ratio, score_cutoff=60, limit=count
    )
    return [shown[at] for _, _, at in found] or shown[:count]
