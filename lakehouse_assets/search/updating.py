"""Bringing the index up to date: of what changed alone, and as much of the meaning as there is time for.

Belongs here: what there is to index, what of it moved, giving passages their vectors. Does not belong here: reading any
origin (``gathering``), when it is due (the asset and its sensor, the command).
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakehouse_assets.dashboards.files import ProjectDashboards
from lakehouse_assets.lakehouse.engines.protocol import QueryRefusedError
from lakehouse_assets.search import meaning
from lakehouse_assets.search.declared import Documents, all_documents, personal_columns
from lakehouse_assets.search.gathering.asked import of_questions
from lakehouse_assets.search.gathering.described import of_catalog, of_dashboards, of_dictionary
from lakehouse_assets.search.gathering.documents import of_table
from lakehouse_assets.search.gathering.elsewhere import TEXTS, of_elsewhere
from lakehouse_assets.search.model import Passage
from lakehouse_assets.search.store import Difference, Store
from nlq.core.utc import utc_now
from nlq.storage.contracts import ANSWERS, FEEDBACK
from semantic.layer import SemanticLayer

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.contract import Contract
    from lakehouse_assets.lakehouse.lake import Lake

FORM = "1"
"""Changes with how passages are made: then all are made anew."""
_LOOKED_FOR, _AT_ONCE = 512, 16
"""Texts without a vector that are looked for at once, and that are given one at once, which is kept at once."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Gathered:
    """The passages of an origin."""

    passages: Iterable[Passage]
    snapshot: str | None = None
    left_out: int = 0


@dataclass(frozen=True)
class Origin:
    """Something that is indexed: its name, its state now, and its passages, which are read where the state moved."""

    name: str
    state: str
    gather: Callable[[], Gathered]


@dataclass(frozen=True)
class Updated:
    """What an update did.

    Attributes:
        origins: Those that had moved.
        difference: Passages that came, changed and went.
        read: Texts that were given vectors.
        unread: Passages that have none yet.
        passages: All there are.
        left_out: Texts of tables that were too many.
        faults: What keeps documents from being indexed.
    """

    origins: tuple[str, ...]
    difference: Difference
    read: int
    unread: int
    passages: int
    left_out: int
    faults: tuple[str, ...]


def origins(lake: Lake, contracts: Mapping[str, Contract]) -> tuple[list[Origin], list[str]]:
    """What there is to index, and what keeps documents from it.

    Raises:
        DbtFailedError: the project does not parse, and never did.
    """
    heads, root = lake.catalog.heads(), lake.settings.project_root
    catalog = SemanticLayer(lake.settings).catalog()
    dashboards = ProjectDashboards(root).all()
    personal = personal_columns(catalog)
    documents, faults = all_documents(root, contracts, personal)
    described = [
        Origin("elsewhere", _state(*TEXTS), lambda: Gathered(of_elsewhere())),
        Origin("catalog", _state(catalog.fingerprint), lambda: Gathered(of_catalog(catalog))),
        Origin("dictionary", _state(*map(_stated, contracts.values())), lambda: Gathered(of_dictionary(contracts))),
        Origin(
            "dashboards", _state(*(f"{i} {one.model_dump_json()}" for i, one in sorted(dashboards.items()))),
            lambda: Gathered(of_dashboards(dashboards)),
        ),
    ]  # fmt: skip
    asked = [heads.get(table.identifier, "") for table in (ANSWERS, FEEDBACK)]
    if all(asked):
        described.append(Origin("questions", _state(*asked), lambda: _questions(lake)))
    hidden = " ".join(sorted(personal))
    for one in documents:
        if head := heads.get(one.table):
            state = _state(head, one.model_dump_json(), hidden)
            described.append(Origin(f"table:{one.table}", state, _reader(lake, one, contracts[one.table], personal)))
    return described, faults


def _stated(contract: Contract) -> str:
    columns = " ".join(f"{column.name}:{column.description}" for column in contract.columns)
    return f"{contract.identifier} {contract.description} {contract.grain} {columns}"


def _state(*parts: str) -> str:
    return hashlib.sha256("\n".join((FORM, meaning.MODEL, *parts)).encode()).hexdigest()[:32]


def _questions(lake: Lake) -> Gathered:
    with lake.session() as session:
        return Gathered(list(of_questions(session)))


def _reader(lake: Lake, one: Documents, contract: Contract, personal: frozenset[str]) -> Callable[[], Gathered]:
    def read() -> Gathered:
        with lake.session() as session:
            try:
                found, left_out = of_table(session, one, contract, personal)
            except QueryRefusedError:  # it was dropped since the look at the heads
                return Gathered(())
            return Gathered(found, str(session.snapshots[one.table]), left_out)

    return read


def moved(found: Iterable[Origin], store: Store) -> list[Origin]:
    """Those that are not indexed as they are now."""
    states = store.states()
    return [one for one in found if states.get(one.name) != one.state]


def is_due(lake: Lake, contracts: Mapping[str, Contract], store: Store) -> str:
    """Why an update would do something; empty if it would not."""
    found, _ = origins(lake, contracts)
    if changed := moved(found, store):
        return f"{', '.join(one.name for one in changed)} moved"
    if store.states().keys() - {one.name for one in found}:
        return "something that was indexed is no more"
    return "passages wait to be read for their meaning" if meaning.is_installed() and store.without_vector(1) else ""


def update(lake: Lake, contracts: Mapping[str, Contract], store: Store, *, reading_s: float | None = None) -> Updated:
    """Index what moved, then read texts for their meaning where the model is installed.

    What is done is kept as it is done: an update that dies is gone on with by the next.

    Args:
        lake: Where the tables are.
        contracts: Of all of them.
        store: Where the index is kept.
        reading_s: Seconds that reading texts may take; all the time it needs if None.

    Raises:
        DbtFailedError: the project does not parse, and never did.
    """
    found, faults = origins(lake, contracts)
    for fault in faults:
        _log.warning("%s", fault)
    changed, done = moved(found, store), []
    for one in changed:
        gathered = one.gather()
        done.append(
            store.replace(
                one.name, one.state, gathered.passages, snapshot=gathered.snapshot, left_out=gathered.left_out
            )
        )
    store.forget_origins(but=[one.name for one in found])
    store.forget_gone(utc_now().date())
    read = sum(_read(store, reading_s)) if meaning.is_installed() else 0
    passages, unread, left_out, _ = store.standing()
    total = Difference(
        sum(one.added for one in done), sum(one.changed for one in done), sum(one.removed for one in done)
    )
    return Updated(tuple(one.name for one in changed), total, read, unread, passages, left_out, tuple(faults))


def _read(store: Store, longest_s: float | None) -> Iterator[int]:
    """Give texts vectors, some at a time; yields how many."""
    until = time.monotonic() + longest_s if longest_s is not None else None
    while waiting := store.without_vector(_LOOKED_FOR):
        for start in range(0, len(waiting), _AT_ONCE):
            if until is not None and time.monotonic() >= until:
                return
            part = waiting[start : start + _AT_ONCE]
            vectors = meaning.of_passages([(one.title, one.text) for one in part])
            store.give_vectors({one.vector_key: vector for one, vector in zip(part, vectors, strict=True)})
            yield len(part)
