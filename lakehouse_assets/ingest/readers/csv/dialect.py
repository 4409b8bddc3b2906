"""The characters a CSV text is written with, and one record of it as its fields.

Belongs here: which characters part and quote fields, the patterns that follow from them, and splitting one record.
Does not belong here: finding records in a stream (cutting), or the lines before and after them (header).

A quote opens a field only where the field begins, and after the quote that closes it only a delimiter or a line end
may come; a quote elsewhere is text.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

NULL_LETTER = "N"
"""An unquoted field of the escape character and this letter stays as it is, for databases write NULL so."""

OTHER_LINE_END = "outside quotes stands a line end of another kind than the file has"


class CsvError(ValueError):
    """A text is not one record, and why."""


@dataclass(frozen=True)
class Dialect:
    """The characters that part, quote and escape; None where there is no such character."""

    delimiter: str = ","
    quote: str | None = '"'
    escape: str | None = None
    comment: str | None = None

    @cached_property
    def record(self) -> re.Pattern[bytes]:
        """One record with its line end."""
        return self._of_bytes(lambda field, delimiter: f"{field}(?:{delimiter}{field})*\r*\n")

    @cached_property
    def rest_of_record(self) -> re.Pattern[bytes]:
        """What follows the first field of a record, to its line end."""
        return self._of_bytes(lambda field, delimiter: f"(?:{delimiter}{field})*\r*\n")

    @cached_property
    def sound_fields(self) -> re.Pattern[bytes]:
        """The fields of a record up to the first that is not sound."""
        return self._of_bytes(lambda field, delimiter: f"(?:{field}{delimiter})*")

    @cached_property
    def opened(self) -> re.Pattern[bytes]:
        """A quote and the text after it, up to the quote that closes it."""
        return re.compile(f"{re.escape(self.quote or '')}{self._quoted_text}".encode())

    def _of_bytes(self, pattern: Callable[[str, str], str]) -> re.Pattern[bytes]:
        """A pattern over UTF-8, made from those of a field and of the delimiter."""
        delimiter = self.delimiter.encode().decode("latin-1")
        return re.compile(pattern(self._field_parted_by(delimiter), re.escape(delimiter)).encode("latin-1"))

    @cached_property
    def line_of_comment(self) -> re.Pattern[bytes] | None:
        """The beginning of a line that is no record."""
        return re.compile(rb"^" + re.escape(self.comment.encode()), re.MULTILINE) if self.comment else None

    @cached_property
    def is_plain(self) -> bool:
        """Whether parsers that know single characters only can read it."""
        return self.delimiter.isascii() and len(self.delimiter) == 1

    # Repetitions of groups are greedy, not possessive, which Python 3.11 gets wrong before 3.11.5; each of their turns
    # begins with a character that nothing before it takes, so there is one way to match.
    @cached_property
    def _quoted_text(self) -> str:
        quote, escape = re.escape(self.quote or ""), re.escape(self.escape or "")
        special = f"{quote}{quote}|{escape}(?s:.)" if escape else f"{quote}{quote}"
        return f"[^{quote}{escape}]*+(?:(?:{special})[^{quote}{escape}]*+)*"

    @cached_property
    def _field(self) -> re.Pattern[str]:
        """A sound field, with its quotes."""
        return re.compile(self._field_parted_by(self.delimiter))

    def _field_parted_by(self, delimiter: str) -> str:
        first, escape = re.escape(delimiter[0]), re.escape(self.escape or "")
        plain = f"[^{first}{escape}\n]*+"
        special = [f"(?!{re.escape(delimiter)}){first}"] * (len(delimiter) > 1) + [f"{escape}(?s:.)"] * bool(escape)
        bare = f"{plain}(?:(?:{'|'.join(special)}){plain})*" if special else plain
        if self.quote is None:
            return bare
        quote = re.escape(self.quote)
        return f"(?:{quote}{self._quoted_text}{quote}(?={re.escape(delimiter)}|\r*\n)|(?!{quote}){bare})"

    def split(self, text: str) -> list[str]:
        """The fields of one record, given without its line end.

        Raises:
            CsvError: it is not one record.
        """
        if self.quote is None and self.escape is None:
            return [self._bare(part) for part in text.split(self.delimiter)]
        return self._by_library(text) or self._by_pattern(text)

    def _by_library(self, text: str) -> list[str] | None:
        """The fields by the fast parser of Python; None where it does not take the text for one record."""
        if self.escape is not None or not self.is_plain or self.quote is None or "\r" in text:
            return None
        try:
            rows = list(csv.reader([text], delimiter=self.delimiter, quotechar=self.quote, strict=True))
        except csv.Error:
            return None  # also a field longer than it takes
        if len(rows) != 1 or any(self.quote in field for field in rows[0]):
            return None  # it does not tell quotes that are text from others
        return rows[0]

    def _by_pattern(self, text: str) -> list[str]:
        fields: list[str] = []
        position, whole = 0, text + "\n"
        within: int | None = None
        while found := self._field.match(whole, position):
            fields.append(self._value(found[0]))
            if self._has_odd_quote(found[0]):
                if within is not None and found[0].endswith(self.quote or "\n"):
                    raise CsvError(
                        f"a quote in field {within} and one after field {len(fields)} may be those of one field"
                    )
                within = None if found[0].endswith(self.quote or "\n") else within or len(fields)
            if found.end() == len(text):
                return fields
            if not whole.startswith(self.delimiter, found.end()):
                raise CsvError(OTHER_LINE_END)
            position = found.end() + len(self.delimiter)
        raise CsvError(f"the quote that opens field {len(fields) + 1} does not close at the end of a field")

    def _has_odd_quote(self, field: str) -> bool:
        """Whether a field without quotes around it holds one that is not paired within it."""
        return self.quote is not None and not field.startswith(self.quote) and field.count(self.quote) % 2 == 1

    def _value(self, field: str) -> str:
        if self.quote is None or not field.startswith(self.quote):
            return self._bare(field)
        text = field[1:-1]
        if self.escape is None:
            return text.replace(2 * self.quote, self.quote)
        quote, escape = re.escape(self.quote), re.escape(self.escape)
        return re.sub(f"{quote}{quote}|{escape}(?s:.)", lambda found: self._meant(found[0]), text)

    def _bare(self, text: str) -> str:
        if self.escape is None or self.escape not in text:
            if "\r" in text or "\n" in text:
                raise CsvError(OTHER_LINE_END)
            return text
        if text == self.escape + NULL_LETTER:
            return text
        if text.replace(2 * self.escape, "").endswith(self.escape):
            raise CsvError("the escape character stands at the end of the record")
        return re.sub(f"{re.escape(self.escape)}(?s:.)", lambda found: self._meant(found[0]), text)

    def _meant(self, pair: str) -> str:
        """The character that an escaped or doubled one stands for."""
        if pair[1] in f"{self.delimiter}{self.quote or ''}{self.escape or ''}{self.comment or ''}\r\n":
            return pair[1]
        raise CsvError(f"the escape character stands before '{pair[1]}', which has no meaning")
