"""The domains are found by looking, and a table asked for by name is found or its neighbours are named."""

from __future__ import annotations

import duckdb
import polars as pl
import pytest

from lakehouse_assets.domains import DOMAINS, all_contracts, contract_of, contracts_of
from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.engines.duckdb_spec import DIALECT
from lakehouse_assets.lakehouse.evaluation import in_utc


def test_every_domain_lists_contracts_of_its_own() -> None:
    assert {"pgr", "sales", "ecommerce", "retail", "platform"} <= set(DOMAINS)
    for domain in DOMAINS:
        assert contracts_of(domain)
        assert {c.domain for c in contracts_of(domain)} == {domain}


def test_no_table_is_declared_twice() -> None:
    identifiers = [c.identifier for c in all_contracts()]
    assert len(identifiers) == len(set(identifiers))


def test_a_table_is_found_by_its_identifier() -> None:
    assert contract_of("gold.gold_pgr_case_lifecycle").key == ("tenant_id", "complaint_id")


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(LookupError, match=r"gold\.gold_pgr_case_lifecycle"):
        contract_of("gold.gold_pgr_case_lifecycles")
    with pytest.raises(LookupError, match=", ".join(DOMAINS)):
        contracts_of("prg")


@pytest.mark.parametrize("contract", all_contracts(), ids=lambda c: c.identifier)
def test_rules_are_sql_that_the_engine_and_polars_understand(contract: Contract) -> None:
    types = {name: col.dtype.type for name, col in contract.model.to_schema().columns.items()}
    frame = pl.DataFrame({name: [None] for name in types}, schema=types)
    for rule in contract.rules:
        frame.select(pl.sql_expr(in_utc(rule.sql)).cast(pl.Boolean))
    rows = duckdb.from_arrow(frame.to_arrow())
    for zone in ("UTC", "Asia/Kolkata"):
        for check in contract.row_checks("duckdb", DIALECT.local_time(zone)):
            rows.filter(check.failing).fetchall()
