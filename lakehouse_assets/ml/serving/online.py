"""Online features: the newest features of an entity within milliseconds, the same that `get_features` gives.

Belongs here: what is kept of a view, bringing it up to date after publications, reading one entity. Does not belong
here: the store (stores), when an update is due (assets.features, automation.features).
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lakehouse_assets.features import FeatureView, all_views, get_features, newest_rows
from lakehouse_assets.ml.serving.stores import FeatureStore, State, StoreUnavailableError

if TYPE_CHECKING:
    import pyarrow as pa

    from lakehouse_assets.lakehouse.lake import Lake

LOOKS_EVERY_S = 5.0
"""Seconds between looks of a process at whether a feature table moved; each is made after an answer, not before."""
_BATCH = 10_000
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Latest:
    """The newest features of an entity.

    Attributes:
        features: By name; None where nothing is known.
        day: At whose beginning they held.
        newest: Newest day of the feature table.
        snapshot: Snapshot of that table.
    """

    features: Mapping[str, Any]
    day: date
    newest: date
    snapshot: int | None


@dataclass(frozen=True)
class Refreshed:
    """What was kept of a view."""

    view: str
    state: State


def refresh(lake: Lake, store: FeatureStore, views: Sequence[FeatureView] | None = None) -> list[Refreshed]:
    """Keep what feature tables say now, of those that moved since it was kept.

    Args:
        lake: The lake.
        store: Where it is kept.
        views: Which; all if None.

    Raises:
        StoreUnavailableError: the store does not answer.
    """
    heads, done = lake.catalog.heads(), []
    for view in all_views().values() if views is None else views:
        head = heads.get(view.table)
        kept = store.find(view.name, "").state
        if head is None or (kept is not None and kept.head == head):
            continue
        with lake.session(heads=heads) as session:
            newest, rows = newest_rows(session, view)
            snapshot = session.snapshots.get(view.table)
        state = State(head, str(snapshot or ""), newest.isoformat() if newest else "", rows.num_rows)
        store.replace(view.name, state, _documents(view, rows))
        done.append(Refreshed(view.name, state))
    return done


def is_due(lake: Lake, store: FeatureStore) -> list[str]:
    """The views whose tables moved since they were kept; not those that nobody ever asked for.

    Raises:
        StoreUnavailableError: the store does not answer.
    """
    heads = lake.catalog.heads()
    views = {view.name: view for view in all_views().values() if view.table in heads}
    states = {name: store.find(name, "").state for name in views}
    return [name for name, kept in states.items() if kept is not None and kept.head != heads[views[name].table]]


class OnlineFeatures:
    """Reads the newest features of entities, and follows what is published. Thread-safe."""

    def __init__(self, lake: Lake, store: FeatureStore) -> None:
        """Nothing is read yet."""
        self._lake, self._store = lake, store
        self._making, self._lock = threading.Lock(), threading.Lock()
        self._looked: dict[str, float] = {}
        self._later = ThreadPoolExecutor(1, thread_name_prefix="online-features")

    def latest(self, view: FeatureView, entity: Mapping[str, Any]) -> Latest | None:
        """The newest features of an entity; None where none may be used on the newest day.

        What is kept is given at once; whether it is the newest is looked at afterwards, and is for the next to have.
        A view that was never kept is kept first. If the store does not answer, the lake is read.

        Args:
            view: The view.
            entity: The columns that name it, all of them.
        """
        key = _key(view, entity)
        try:
            found = self._store.find(view.name, key)
            if found.state is None:
                with self._making:  # of several at once, one makes it
                    refresh(self._lake, self._store, [view])
                found = self._store.find(view.name, key)
            else:
                self._look_later(view)
        except StoreUnavailableError:
            return _from_lake(self._lake, view, entity)
        state = found.state
        if state is None or found.document is None:
            return None
        document = json.loads(found.document)
        return Latest(
            dict(zip(view.features, document["features"], strict=True)), date.fromisoformat(document["day"]),
            date.fromisoformat(state.newest), int(state.snapshot) if state.snapshot else None,
        )  # fmt: skip

    def close(self) -> None:
        """Wait for an update that is under way, and close the store."""
        self._later.shutdown(cancel_futures=True)
        self._store.close()

    def _look_later(self, view: FeatureView) -> None:
        now = time.monotonic()
        with self._lock:
            if now - self._looked.get(view.name, -LOOKS_EVERY_S) < LOOKS_EVERY_S:
                return
            self._looked[view.name] = now
        self._later.submit(self._look, view)

    def _look(self, view: FeatureView) -> None:
        try:
            with self._making:
                refresh(self._lake, self._store, [view])
        except Exception:  # what is kept is served on, with the day and snapshot that it is of
            _LOG.exception("features of %s could not be brought up to date", view.name)


def _from_lake(lake: Lake, view: FeatureView, entity: Mapping[str, Any]) -> Latest | None:
    if view.table not in lake.catalog.heads():
        return None
    found = get_features(lake, view, [entity])
    (row,) = found.rows.to_pylist()
    if row[view.date] is None:
        return None
    features = {name: _plain(row[name]) for name in view.features}
    return Latest(features, row[view.date], row["as_of"], found.snapshot)


def _key(view: FeatureView, entity: Mapping[str, Any]) -> str:
    return json.dumps([str(entity[column]) for column in view.entity], ensure_ascii=False)


def _documents(view: FeatureView, rows: pa.Table) -> Iterator[tuple[str, str]]:
    for batch in rows.to_batches(_BATCH):
        for row in batch.to_pylist():
            features = [_plain(row[name]) for name in view.features]
            yield _key(view, row), json.dumps({"day": str(row[view.date]), "features": features}, ensure_ascii=False)


def _plain(value: Any) -> Any:
    """Exact decimals as floating numbers, which models take."""
    return float(value) if isinstance(value, Decimal) else value
