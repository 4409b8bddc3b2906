"""What the door into PyIceberg's REST catalog uses is where it was; see `tests.doors`."""

from __future__ import annotations

import pytest

from tests.doors import Member, require

DOOR = "lakehouse_assets/lakehouse/nessie/_internals.py"
_CATALOG = "pyiceberg.catalog.rest:RestCatalog"
MEMBERS = [Member(f"{_CATALOG}._load_file_io", ("properties", "location")), Member(f"{_CATALOG}._create_session")]


@pytest.mark.parametrize("member", MEMBERS, ids=lambda m: m.place)
def test_it_is_where_it_was(member: Member) -> None:
    require(DOOR, "pyiceberg", member)


def test_the_catalog_asks_for_a_session_and_for_files_by_them(monkeypatch: pytest.MonkeyPatch) -> None:
    from pyiceberg.catalog.rest import RestCatalog
    from requests.adapters import HTTPAdapter

    from lakehouse_assets.lakehouse.nessie._internals import OpenRestCatalog

    # It asks the server for its settings at once.
    monkeypatch.setattr(RestCatalog, "_fetch_config", lambda self: None)
    adapter = HTTPAdapter()
    catalog = OpenRestCatalog("nessie", {"s3.endpoint": "http://mine"}, lambda: adapter, uri="http://127.0.0.1:1")
    moved = f"PyIceberg moved how its REST catalog makes its session or opens files: change {DOOR}"
    assert catalog._session.get_adapter("http://127.0.0.1:1") is adapter, moved
    opened = catalog._load_file_io({"s3.endpoint": "http://theirs", "s3.region": "here"}, "s3://bucket/a")
    told = (opened.properties["s3.endpoint"], opened.properties["s3.region"])
    assert told == ("http://mine", "here"), moved
