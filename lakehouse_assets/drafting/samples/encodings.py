"""The encoding of a sample of text.

Belongs here: UTF-8, what a mark at the beginning says, or the likeliest encoding of one byte a character. Does not
belong here: decoding (streams).

What is not UTF-8 says nowhere what it is. Windows' western encoding is taken without a question where it gives words
that one of the languages it is made for may have. Otherwise charset-normalizer proposes, and a person decides.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from itertools import pairwise

from charset_normalizer import from_bytes

from lakehouse_assets.ingest.errors import OtherEncodingError
from lakehouse_assets.ingest.files.streams import InputFile

HEAD_BYTES = 1 << 20
LOOKED_AT = 20_000
"""Bytes of values that are not ASCII from which it is learnt."""
USUAL = "cp1252"
CANDIDATES = [
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1257", "iso8859_15", "mac_roman", "cp850", "cp437", "cp852",
    "cp866", "koi8_r", "shift_jis", "euc_jp", "euc_kr", "gb18030", "big5",
]  # fmt: skip
MOSTLY = 0.1
"""Share of the characters beyond ASCII that must be UTF-8 for a text to be UTF-8 with damaged places."""
ALPHABETS = {
    "French": "àâæçèéêëîïôœùûüÿ", "German": "äöüßé", "Spanish": "áéíñóúü", "Portuguese": "áâãàçéêíóôõúü",
    "Italian": "àèéìíîòóùú", "Dutch": "áäèéêëïóöüĳ", "Swedish and Finnish": "åäöéü", "Danish and Norwegian": "æøåéóòôê",
    "Catalan": "àçèéíïòóúü·",
}  # fmt: skip
"""The letters beyond ASCII of languages; those of several at once are as likely those of none."""
SIGNS = frozenset("£€¥°§µ½¼¾²³–—‘’“”•©®™«»·×±¿¡ºª…\xa0\xad")
_NO_WORD = re.compile(r"\d[^\W\d_\x00-\x7f]|[^\W\d_\x00-\x7f]\d|[^\W\d_\x00-\x7f]{3}")
_VALUES = re.compile(rb"[^\r\n,;\t|\"]*[\x80-\xff][^\r\n,;\t|\"]*")


@dataclass(frozen=True)
class Encoding:
    """An encoding, what was found of it, and what cannot be told."""

    name: str = "utf-8"
    notes: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()


def encoding_of(path: str) -> Encoding:
    """The encoding of a text file by its beginning."""
    head = b""
    try:
        for block in InputFile(path).text_blocks():
            head += block
            if len(head) >= HEAD_BYTES:
                break
    except OtherEncodingError as error:
        return Encoding(error.encoding)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return _other(head)
    return Encoding()


def _other(head: bytes) -> Encoding:
    values = b"\n".join(dict.fromkeys(_VALUES.findall(head)))[:LOOKED_AT]
    text = values.decode(errors="replace")
    beyond = sum(character > "\x7f" for character in text)
    if beyond - text.count("\ufffd") > MOSTLY * beyond:
        return Encoding(notes=("encoding: UTF-8 but for some bytes; records with such are quarantined",))
    if _is_in(values, USUAL) and _is_western(usual := values.decode(USUAL)):
        return Encoding(USUAL, (f"encoding: not UTF-8; read as {USUAL} it holds {_shown(usual)}",))
    best = from_bytes(values, cp_isolation=CANDIDATES, threshold=0.5).best()
    name = best.encoding if best else USUAL if _is_in(values, USUAL) else "latin-1"
    shown = f"as {name} it holds {_shown(values.decode(name, errors='replace'))}"
    other = f", as {USUAL} {_shown(values.decode(USUAL))}" if name != USUAL and _is_in(values, USUAL) else ""
    return Encoding(name, questions=(f"encoding: the file is not UTF-8; {shown}{other}",))


def _is_western(text: str) -> bool:
    """Whether all characters beyond ASCII are signs, or letters of one western language within words."""
    beyond = {character for character in text if character > "\x7f"} - SIGNS
    if not any(beyond <= {*letters, *letters.upper()} for letters in ALPHABETS.values()):
        return False
    plain = "".join(" " if character in SIGNS else character for character in text)
    return not _NO_WORD.search(plain) and not any(
        a.islower() and b in beyond and b.isupper() for a, b in pairwise(plain)
    )


def _is_in(values: bytes, encoding: str) -> bool:
    try:
        values.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _shown(text: str) -> str:
    """The first words with characters beyond ASCII."""
    words = dict.fromkeys(w for w in text.split() if not w.isascii() and w.isprintable())
    return f"'{' '.join(list(words)[:4])[:60]}'"
