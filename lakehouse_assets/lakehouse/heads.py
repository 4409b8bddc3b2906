"""Which snapshot is current at a head: a metadata file, which never changes, names one.

Belongs here: that mapping, read once per file and remembered. Does not belong here: which file is a table's head now
(catalogs).
"""

from __future__ import annotations

import threading
from collections import OrderedDict

_REMEMBERED = 8192
_known: OrderedDict[str, int | None] = OrderedDict()
_lock = threading.Lock()


def current_snapshot(metadata_location: str) -> int | None:
    """The snapshot a metadata file points at, or None before the first publication."""
    with _lock:
        if metadata_location in _known:
            return _known[metadata_location]
    from pyiceberg.io.pyarrow import PyArrowFileIO
    from pyiceberg.serializers import FromInputFile

    metadata = FromInputFile.table_metadata(PyArrowFileIO().new_input(metadata_location))
    remember(metadata_location, metadata.current_snapshot_id)
    return metadata.current_snapshot_id


def remember(metadata_location: str, snapshot_id: int | None) -> None:
    """Keep what a catalog says of a metadata file, so that it need not be read."""
    with _lock:
        _known[metadata_location] = snapshot_id
        if len(_known) > _REMEMBERED:
            _known.popitem(last=False)
