"""How PyIceberg opens files of the lake: a local location is taken as it stands, whatever characters are in it.

PyIceberg's own reads `file:///data/a#b` as a web address, whose path ends before the `#`, and a `?` likewise.
Belongs here: that one difference. Does not belong here: what a location means (locations).
"""

from __future__ import annotations

from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.typedef import EMPTY_DICT, Properties

from lakehouse_assets.lakehouse.iceberg.locations import local_path


class LakeFileIO(PyArrowFileIO):
    """PyArrow's files; PyIceberg finds this class by the property `py-io-impl`."""

    @staticmethod
    def parse_location(location: str, properties: Properties = EMPTY_DICT) -> tuple[str, str, str]:
        """Scheme, host and path of a location."""
        path = local_path(location)
        return ("file", "", str(path)) if path else PyArrowFileIO.parse_location(location, properties)
