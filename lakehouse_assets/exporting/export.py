"""Writing a report as a file.

Belongs here: the formats, and which part writes each. Does not belong here: any one of them (paged, tables).
"""

from __future__ import annotations

from enum import StrEnum

from lakehouse_assets.exporting import paged, tables
from lakehouse_assets.exporting.report import Report


class Format(StrEnum):
    """What a report can be written as."""

    PDF = "pdf"
    PNG = "png"
    XLSX = "xlsx"
    CSV = "csv"

    @property
    def media_type(self) -> str:
        """What it is called in HTTP and in mails."""
        return _MEDIA_TYPES[self]


_MEDIA_TYPES = {
    Format.PDF: "application/pdf",
    Format.PNG: "image/png",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.CSV: "text/csv; charset=utf-8",
}


def export(report: Report, format: Format) -> bytes:
    """A report as a file.

    Raises:
        ExportMissingError: PDF and PNG need the extra `asklake[export]`, which is not installed.
    """
    if format is Format.CSV:
        return tables.csv_of(report)
    if format is Format.XLSX:
        return tables.xlsx_of(report)
    return paged.pdf_of(report) if format is Format.PDF else paged.png_of(report)
