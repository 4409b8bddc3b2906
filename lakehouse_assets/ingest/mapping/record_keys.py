"""The key of a record: what makes two records copies of one another, as one text.

Belongs here: joining the parts so that no two lists of parts give the same text.
Does not belong here: which parts there are (mapping).
"""

from __future__ import annotations

from collections.abc import Sequence

_BETWEEN, _ESCAPE = "chr(31)", "chr(27)"


def record_key(tenant: str, keys: Sequence[str], more: Sequence[str], *, empty_is_null: bool) -> str:
    """SQL of the key, NULL where all its fields are.

    A part that holds one of the two characters used for joining has them escaped. Of NULL and the empty text, which a
    key must tell apart, the one that the source has less often is escaped. The same word in composed and decomposed
    characters (NFC, NFD) is the same key.

    Args:
        tenant: SQL of the tenant.
        keys: SQL of the texts of the key fields.
        more: SQL of what else tells records apart: occurrence, name of the row.
        empty_is_null: Whether an empty field means 'no value' in the source.
    """
    missing = " and ".join(f"{key} is null" for key in keys)
    joined = f" || {_BETWEEN} || ".join(key_part(p, empty_is_null=empty_is_null) for p in (tenant, *keys, *more))
    return f"case when not ({missing}) then md5({same_key(joined)}) end"


def same_key(text: str) -> str:
    """SQL of a text that is equal for the same word in composed and in decomposed characters."""
    return f"nfc_normalize({text})"


def key_part(text: str, *, empty_is_null: bool) -> str:
    """SQL of a part of a key, in which the character between parts is escaped.

    A part without control characters stays as it is: the keys of tables that are there have to stay.
    """
    null, empty = ("''", _ESCAPE) if empty_is_null else (_ESCAPE, "''")
    escaped = f"replace(replace({text}, {_ESCAPE}, {_ESCAPE} || '1'), {_BETWEEN}, {_ESCAPE} || '2')"
    return (
        f"case when {text} is null then {null} when {text} = '' then {empty} "
        f"when contains({text}, {_BETWEEN}) or contains({text}, {_ESCAPE}) then {escaped} else {text} end"
    )
