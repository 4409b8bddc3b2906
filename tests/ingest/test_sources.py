"""Sources: what their YAML may say, and that errors name file, line and field."""

from __future__ import annotations

import pytest

from lakehouse_assets.ingest import SourceError, all_sources, find_source, load, read_sources
from lakehouse_assets.ingest.readers.csv.dialect import Dialect
from lakehouse_assets.ingest.readers.csv.header import Layout
from lakehouse_assets.ingest.values.expressions import Expression, ExpressionError
from tests.documents import blocks
from tests.ingest.conftest import csv_file, line, sales_source

GOOD = """\
name: shop
format: csv
target: bronze.sample_sales
tenant: t1
dedup_key: [order_id, line_id]
columns:
  sale_time: sold
  order_id: order_id
  line_id: line_id
  product_id: product
  quantity: qty
  unit_price: price
  amount: cast(qty as double) * cast(price as double)
"""


def problem(write, text: str) -> str:
    with pytest.raises(SourceError) as raised:
        read_sources(write("my.yml", text))
    return str(raised.value)


def test_a_single_source_in_a_file(lake, write, rows):
    source = find_source(None, write("my.yml", GOOD))
    assert source.name == "shop"
    load(lake, [write("a.csv", csv_file(line(1)))], source)
    assert rows("select count(*) as n from bronze.sample_sales") == [{"n": 1}]


def test_the_domains_have_the_ready_sources():
    assert {"pgr_events", "pgr_events_csv", "nyc_311", "sales_csv", "uci_online_retail"} <= all_sources().keys()


def test_an_unknown_name_lists_the_known():
    with pytest.raises(SourceError, match="nyc_311"):
        find_source("nyc_312")


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("format: csv", "format: xls", "my.yml, line 2: field 'format'", "csv"),
        ("tenant: t1", "tenant: {}", "my.yml, line 4: field 'tenant'", "either"),
        ("tenant: t1", "zone: UTC", "my.yml, line 4: field 'zone'", "not permitted"),
        ("tenant: t1", "time_zone: Mars/Base", "my.yml, line 4: field 'time_zone'", "no time zone"),
        ("tenant: t1", "time_zone: localtime", "my.yml, line 4: field 'time_zone'", "no time zone"),
        ("tenant: t1", "encoding: klingon", "my.yml, line 4: field 'encoding'", "no encoding"),
        ("tenant: t1", "encoding: base64", "my.yml, line 4: field 'encoding'", "no encoding"),
        ("tenant: t1", "quote: '\"\"'", "my.yml, line 4: field 'quote'", "not one ASCII character"),
        ("tenant: t1", "delimiter: none", "my.yml, line 4: field 'delimiter'", "string"),
        ("tenant: t1", "delimiter: ',\"'", "my.yml", "quote: '\"' is part of the delimiter"),
        ("tenant: t1", "header: false", "my.yml", "the source must name the fields"),
        ("tenant: t1", "names: [a, b, a]", "my.yml", "every field needs a name of its own"),
        ("format: csv", "format: ndjson\nskip_lines: 2", "my.yml", "skip_lines: only a source of format csv has it"),
        ("quantity: qty", "quantity: qty +", "my.yml, line 11: field 'columns.quantity'", "not a SQL expression"),
        ("quantity: qty", "quantity: (select 1)", "my.yml, line 11: field 'columns.quantity'", "subquery"),
        ("quantity: qty", "quantity: sum(qty)", "my.yml, line 11: field 'columns.quantity'", "aggregate"),
        ("dedup_key: [order_id, line_id]", "dedup_key: []", "my.yml, line 5: field 'dedup_key", "at least 1"),
        ("tenant: t1", "kind: ftp", "my.yml, line 4: field 'kind'", "there are file, kafka, database"),
        ("tenant: t1", "topics: [a]", "my.yml", "topics: only a source of kind kafka has it"),
        ("tenant: t1", "kind: kafka", "my.yml", "topics: a source of kind kafka states what it reads"),
        (
            "format: csv",
            "kind: kafka\ntopics: [a]\nformat: csv",
            "my.yml",
            "has one of json, ndjson, avro, json_schema, raw",
        ),
        ("tenant: t1", "kind: database\ndatabase: {access: a, table: b}", "my.yml", "kind database has none"),
        ("name: shop", "name: My Shop", "my.yml, line 1: field 'name'", "match"),
    ],
)
def test_errors_name_file_line_and_field(write, old, new, place, words):
    text = problem(write, GOOD.replace(old, new))
    assert place in text and words in text


def test_a_layout_is_read_as_written(write):
    stated = "delimiter: '\\t'\nquote: none\nescape: '\\'\ncomment: '#'\nskip_lines: 2\ntenant: t1"
    layout = find_source(None, write("my.yml", GOOD.replace("tenant: t1", stated))).csv_layout
    assert layout == Layout(Dialect("\t", None, "\\", "#"), skip_lines=2)
    doubled = GOOD.replace("tenant: t1", "escape: '\"'\ntenant: t1")
    assert find_source(None, write("my.yml", doubled)).csv_layout == Layout()


def test_values_are_the_texts_that_stand_there(write):
    written = ["010", "no", "12:30", "1_000", "2026-01-01", "1.50", "12345678901234.5678", "~x"]
    stated = f"constants: {{{', '.join(f'c{i}: {text}' for i, text in enumerate(written))}}}\ntenant: t1\nheader: yes"
    (source,) = read_sources(write("my.yml", GOOD.replace("tenant: t1", f"{stated}\nnull_values: [-1, no, 0.0]")))
    assert list(source.constants.values()) == written and source.null_values == ["-1", "no", "0.0"] and source.header
    assert "constants.c0': must be a text" in problem(write, GOOD + "constants: {c0: null}\n")


def test_not_yaml(write):
    assert "line 2" in problem(write, "name: shop\n  format: [csv\n")
    assert "empty" in problem(write, "")
    assert "list of sources" in problem(write, "sources: 3")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"columns": {**sales_source().columns, "colour": "name"}}, "no column colour"),
        ({"columns": {"sale_time": "sold"}}, "nothing fills amount, line_id, order_id"),
        ({"target": "bronze.nothing"}, "field 'target'"),
    ],
)
def test_a_source_that_does_not_fit_its_table(lake, write, changes, words):
    with pytest.raises(SourceError, match=words):
        load(lake, [write("a.csv", csv_file(line(1)))], sales_source(**changes))


def test_an_expression_the_engine_refuses_is_blamed(lake, write):
    columns = {**sales_source().columns, "quantity": "no_such_function(qty)"}
    with pytest.raises(SourceError, match=r"field 'columns.quantity'.*no_such_function"):
        load(lake, [write("a.csv", csv_file(line(1)))], sales_source(columns=columns))


@pytest.mark.parametrize(
    "text",
    ["", "a, b", "a as b", "a; drop table x", "a from t", "*", "count(*)", "row_number() over ()", "unnest(a)", "$1",
     "strptime(a, ['%Y %z', '%Y'])", "coalesce(try_strptime(a, ['%Y', '%Y %Z']), b)",
     "a where b", "exists (select 1)", "a union select b", "a limit 1"],
)  # fmt: skip
def test_only_single_scalar_expressions(text):
    with pytest.raises(ExpressionError):
        _ = Expression(text).tree


def test_fields_of_an_expression():
    assert Expression("upper(a) || \"B c\" || d.e.f || 'g'").fields == {"a", "B c", "d"}
    assert Expression("a").is_field and not Expression("a.b").is_field


def test_the_sources_of_the_page_about_loading_can_be_read(write):
    for text in blocks("loading.md", "yaml"):
        assert read_sources(write("page.yml", text if text.startswith("sources:") else f"sources:\n{text}"))
