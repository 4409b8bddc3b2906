"""The business domains and the contracts they declare.

A domain is a sub-package holding nothing but its contracts, its sources (YAML), the functions of
its tables made by Python, its sample generator, the questions of its demo and a few constants. This module
only discovers them; it knows no domain by name and holds no plumbing.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.contract import Contract
    from lakehouse_assets.lakehouse.python_table import PythonTable

DOMAINS: tuple[str, ...] = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg))
"""Names of all domains, in alphabetical order: the sub-packages of this package."""
FOLDER = Path(__file__).resolve().parent


def files_named(name: str) -> list[Path]:
    """The file of this name of each domain that has one, in alphabetical order of the domains."""
    return sorted(FOLDER.glob(f"*/{name}"))


def contracts_of(domain: str) -> tuple[Contract, ...]:
    """Return the contracts of one domain, in the order in which the domain lists them.

    Those of bronze know the domain's first day, FIRST_DAY.

    Raises:
        LookupError: no such domain.
    """
    if domain not in DOMAINS:
        raise LookupError(f"There is no domain {domain!r}. Known domains: {', '.join(DOMAINS)}.")
    contracts = importlib.import_module(f"{__name__}.{domain}.contracts").CONTRACTS
    first_day = getattr(importlib.import_module(f"{__name__}.{domain}"), "FIRST_DAY", None)
    return tuple(replace(c, first_day=first_day) if c.layer == "bronze" else c for c in contracts)


@cache
def all_contracts() -> tuple[Contract, ...]:
    """Return the contracts of all domains, domain by domain.

    Raises:
        ValueError: two domains declare the same table.
    """
    contracts = tuple(contract for domain in DOMAINS for contract in contracts_of(domain))
    seen: dict[str, str] = {}
    for contract in contracts:
        first = seen.setdefault(contract.identifier, contract.domain)
        if first != contract.domain:
            raise ValueError(
                f"Table {contract.identifier} is declared by the domains {first} and "
                f"{contract.domain}: remove it from one of their contracts.py."
            )
    return contracts


def python_tables_of(domain: str) -> tuple[PythonTable, ...]:
    """Return what `tables.py` of a domain declares with `python_table`; nothing where there is none."""
    from lakehouse_assets.lakehouse.python_table import PythonTable

    module = f"{__name__}.{domain}.tables"
    if importlib.util.find_spec(module) is None:
        return ()
    return tuple(v for v in vars(importlib.import_module(module)).values() if isinstance(v, PythonTable))


@cache
def python_tables() -> tuple[PythonTable, ...]:
    """Return the tables made by Python of all domains, domain by domain."""
    return tuple(table for domain in DOMAINS for table in python_tables_of(domain))


@cache
def demo_questions() -> Mapping[str, tuple[str, ...]]:
    """Return what `QUESTIONS` in `questions.py` of a domain lists, by domain; those without are left out."""
    modules = {domain: f"{__name__}.{domain}.questions" for domain in DOMAINS}
    return {d: importlib.import_module(m).QUESTIONS for d, m in modules.items() if importlib.util.find_spec(m)}


def title_of(domain: str) -> str:
    """Return what people call a domain: its TITLE, else its name; also of a name that is no domain's."""
    module = importlib.import_module(f"{__name__}.{domain}") if domain in DOMAINS else None
    return getattr(module, "TITLE", domain.replace("_", " ").capitalize())


def contract_of(identifier: str) -> Contract:
    """Return the contract of one table, named like `gold.gold_pgr_case_lifecycle`.

    Of a table that no domain declares it is that of the draft that was accepted, if one was.

    Raises:
        LookupError: nothing declares this table.
    """
    declared = {contract.identifier: contract for contract in all_contracts()}
    if identifier in declared:
        return declared[identifier]
    from lakehouse_assets import adopted

    for contract in adopted.contracts():
        if contract.identifier == identifier:
            return contract
    known = ", ".join(declared)
    raise LookupError(f"No contract declares the table {identifier!r}. Known tables: {known}.")
