"""Documents are cut, keep no way to reach a person, and are in the namespace of their tenant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse_assets.domains import contract_of
from lakehouse_assets.lakehouse.iceberg.overwrite import ReplaceTable
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.publish.begin import open_publication
from lakehouse_assets.search.declared import Documents
from lakehouse_assets.search.gathering.documents import LONGEST, cut, hidden, of_table
from lakehouse_assets.search.model import namespace_of
from lakehouse_assets.settings import Settings

CONTRACT = contract_of("silver.silver_retail_documents")
DECLARED = Documents(table=CONTRACT.identifier, title=("document_type",), text=("content",))
Row = tuple[str, str, str]
"""Tenant, id and text."""


def publish(lake: Lake, rows: Sequence[Row]) -> None:
    """Make the table of documents these."""
    publication = open_publication(lake, run_id="documents")
    with publication.session() as session:
        publication.stage_query(CONTRACT, " union all ".join(map(_row, rows)), session, ReplaceTable())
    publication.audit()
    publication.publish()


def _row(row: Row) -> str:
    said = {
        "tenant_id": row[0], "document_id": row[1], "content": row[2].replace("'", "''"), "document_date": "2026-02-03",
        "issued_at": "2026-02-03 04:00:00", "document_type": "STOCK_COUNT", "loaded_at": "2026-02-04 00:00:00",
        "total_amount": "1",
    }  # fmt: skip
    return "select " + ", ".join(f"cast('{said.get(n, n)}' as {kind}) as {n}" for n, kind in CONTRACT.types.items())


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    home: Path = tmp_path_factory.mktemp("documents")
    yield Lake(Settings(profile="local", home=home, landing="", dagster_home=None))


def test_rows_of_one_text_are_one_passage_of_their_tenant(lake: Lake) -> None:
    rows = [
        ("a", "D1", "rice is short"),
        ("a", "D3", "rice is short"),
        ("a", "D2", "all there"),
        ("b", "D1", "rice is short"),
    ]
    publish(lake, [*rows, ("b", "D9", "  ")])
    with lake.session() as session:
        found, left_out = of_table(session, DECLARED, CONTRACT, frozenset())
    by_text: Mapping[tuple[str, str], object] = {(one.namespace, one.text): one.source["rows"] for one in found}
    assert by_text == {
        (namespace_of("a"), "rice is short"): 2, (namespace_of("a"), "all there"): 1,
        (namespace_of("b"), "rice is short"): 1,
    }  # fmt: skip
    twice = next(one for one in found if one.source["rows"] == 2)
    assert twice.source["key"]["document_id"] == "D3" and twice.source["table"] == CONTRACT.identifier
    assert twice.title == "Stock count" and left_out == 0


def test_the_key_of_a_row_tells_nothing_of_a_person(lake: Lake) -> None:
    publish(lake, [("a", "D1", "rice is short")])
    with lake.session() as session:
        ((one,), _) = of_table(session, DECLARED, CONTRACT, frozenset(["document_id"]))
    assert "D1" not in str(one.source)


def test_too_many_texts_are_counted(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lakehouse_assets.search.gathering.documents.MOST", 2)
    publish(lake, [("a", f"D{n}", f"text {n}") for n in range(5)])
    with lake.session() as session:
        found, left_out = of_table(session, DECLARED, CONTRACT, frozenset())
    assert sorted(one.text for one in found) == ["text 3", "text 4"] and left_out == 3


def test_of_long_texts_no_more_is_read_than_memory_holds(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    module = "lakehouse_assets.search.gathering.documents"
    monkeypatch.setattr(f"{module}.READ", 30)
    monkeypatch.setattr(f"{module}.MOST_READ", 90)
    publish(lake, [("a", f"D{n}", f"text {n} " + "long " * 50) for n in range(5)])
    with lake.session() as session:
        found, left_out = of_table(session, DECLARED, CONTRACT, frozenset())
    assert sorted(one.text[:6] for one in found) == ["text 3", "text 4"] and left_out == 3
    assert all(len(one.text) <= 30 for one in found)


@given(st.lists(st.text(st.sampled_from("ab .!\n"), max_size=1_200), max_size=4).map("".join))
def test_parts_are_short_and_lose_no_word(text: str) -> None:
    parts = cut(text)
    assert all(0 < len(part) <= LONGEST for part in parts)
    assert Counter("".join(parts).replace(" ", "")) == Counter("".join(text.split()))


@pytest.mark.parametrize(
    "said",
    [
        "write to ana.b+c@mail.example.org",
        "call +63 (917) 555-0142 now",
        "call (02) 8123-4567",
        "call 555-123-4567 or not",
    ],
)
def test_how_a_person_is_reached_is_hidden(said: str) -> None:
    assert "[hidden]" in hidden(said) and "@" not in hidden(said) and "55" not in hidden(said)
    assert "4567" not in hidden(said)


@pytest.mark.parametrize("piece", ["a", "a.", "1-", "x@", "b-", "+1 ", ". "])
def test_a_long_text_takes_as_long_as_its_length(piece: str) -> None:
    """Measured beside a tenth of it: the square would take a hundred times as long."""

    def taken(length: int) -> float:
        text = (f"x@{piece}" if piece == "b-" else "") + piece * length
        begun = process_time()
        hidden(text)
        return process_time() - begun

    assert taken(20_000) < 40 * max(taken(2_000), 0.002)


@pytest.mark.parametrize("said", ["D0000000012", "PGR-2025-000123", "1,234.50 PHP of 2026-02-03", "10.0.0.1", "12 345"])
def test_numbers_that_are_none_of_a_telephone_stay(said: str) -> None:
    assert hidden(said) == said
