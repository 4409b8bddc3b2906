"""What can go wrong with a whole file or a whole source, in words for people.

Belongs here: the exceptions of this package. A single bad record is no exception: it goes to quarantine.
"""

from __future__ import annotations

from lakehouse_assets.declared import DeclarationError
from lakehouse_assets.shown import shown_in_line


class IngestError(Exception):
    """A file cannot be loaded at all; nothing of it was published."""

    def __init__(
        self, file: str, problem: str, *, hint: str = "", line: int | None = None, column: str | int | None = None
    ) -> None:
        """Say what is wrong, where, and what to do next.

        Args:
            file: Path or URL of the file.
            problem: What is wrong.
            hint: What to do about it.
            line: Line of the file, from 1.
            column: Name of the field, or position in the line, from 1.
        """
        self.file, self.problem, self.hint, self.line, self.column = file, problem, hint, line, column
        place = shown_in_line(file)
        if line is not None:
            place += f", line {line}"
        if column is not None:
            place += f", column {column}"
        super().__init__(f"{place}: {problem}" + (f". {hint}" if hint else ""))


class OtherEncodingError(IngestError):
    """The first bytes of a file show that it is in another encoding than the source says."""

    def __init__(self, file: str, encoding: str) -> None:
        """Keep the encoding, by the name that a source states it with."""
        super().__init__(
            file, f"the file is {encoding.upper()}", hint=f"State 'encoding: {encoding}' in the source.", line=1
        )
        self.encoding = encoding


class WarehouseError(IngestError):
    """The warehouse cannot be written to; nothing was published, and no other file would fare better."""


class SourceError(DeclarationError):
    """A source definition (YAML) is wrong or cannot be found; the message names file, line and field."""
