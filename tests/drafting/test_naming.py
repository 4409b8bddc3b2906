"""Names out of names: always valid, each once, none that means something already."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lakehouse_assets.drafting import naming
from lakehouse_assets.ingest.values.expressions import Expression


@given(st.lists(st.text(min_size=1, max_size=30), unique=True, max_size=12))
def test_every_field_has_a_column_of_its_own(fields: list[str]) -> None:
    columns = naming.columns_for(fields)
    assert list(columns) == fields
    assert len(set(columns.values())) == len(fields)
    assert all(naming.is_valid(name) for name in columns.values())
    assert not set(columns.values()) & naming.reserved()


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
@example("record_number")
@example("record_occurrence")
def test_an_expression_reads_the_field_it_was_made_of(field: str) -> None:
    assert Expression(naming.expression([field])).fields == {field}
    assert Expression(naming.expression([field, "inner"])).fields == {field}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("InvoiceNo", "invoice_no"),
        ("Unit Price (€)", "unit_price"),
        ("Müll", "mull"),
        ("2nd", "field_2nd"),
        ("日", "field"),
    ],
)
def test_names_as_people_would_write_them(text: str, name: str) -> None:
    assert naming.snake(text) == name


@pytest.mark.parametrize("word", ["order", "select", "class", "schema", "month", "source", "tenant_id", "group"])
def test_words_that_mean_something_are_no_columns(word: str) -> None:
    assert naming.columns_for([word]) == {word: f"{word}_value"}


@pytest.mark.parametrize(("one", "many"), [("call", "calls"), ("city", "cities"), ("box", "boxes"), ("day", "days")])
def test_nouns(one: str, many: str) -> None:
    assert (naming.plural(one), naming.singular(many)) == (many, one)
    assert naming.plural(many) == many
