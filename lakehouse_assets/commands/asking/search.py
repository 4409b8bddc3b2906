"""`asklake search`: what is near some words, and bringing the index up to date.

Belongs here: showing both. Does not belong here: finding (``lakehouse_assets.search``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import typer

from lakehouse_assets.commands.failures import CommandError, Exit
from lakehouse_assets.commands.lake.lookups import open_lake
from lakehouse_assets.commands.output import Out, seconds
from lakehouse_assets.contracts import platform_contracts
from lakehouse_assets.search.model import Found, Hit, Kind
from lakehouse_assets.search.searching import Searcher, SearchRefusedError
from lakehouse_assets.search.store import Store, url_of
from lakehouse_assets.search.texts import source_of
from lakehouse_assets.search.updating import Updated
from lakehouse_assets.search.updating import update as brought_up_to_date
from nlq.core.guard import Caller
from nlq.factory import open_answerer

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake

READING_S = 5.0
"""Seconds that a search takes at most to read texts for their meaning that were not read yet."""
_LONGEST = 160
_NEXT = {
    "nothing_asked": 'such as: asklake search "complaints settled late"',
    "too_long": "say it in fewer words",
    "tenant_missing": "`--tenant NAME` names one; without it all are searched",
}
"""What to do about what is no search, by its code."""


def kinds_of(names: Sequence[str]) -> tuple[Kind, ...]:
    """Kinds by their names.

    Raises:
        CommandError: there is none of a name.
    """
    if unknown := [name for name in names if name not in list(Kind)]:
        raise CommandError(f"there is no kind '{unknown[0]}'", f"name one of {', '.join(Kind)}", Exit.USAGE)
    return tuple(Kind(name) for name in names)


def search(
    out: Out,
    query: str,
    kinds: Sequence[Kind],
    limit: int,
    tenant: str | None,
    *,
    updated: Mapping[str, Any] | None = None,
) -> None:
    """Print what is near some words; what moved since the index was made is indexed first.

    Args:
        out: Where to.
        query: The words.
        kinds: Only of these kinds; of all if none is named.
        limit: How many passages at most.
        tenant: Whose rows; of no single tenant if None.
        updated: What `update` did just before, for programs.
    """
    with _opened() as (lake, store):
        with out.quietly():
            vocabulary = open_answerer(lake).vocabulary(caller := Caller(tenant=tenant))
            done = None if updated else brought_up_to_date(lake, platform_contracts(), store, reading_s=READING_S)
        if done:
            _warn(out, done)
        try:
            found = Searcher(store).find(query, caller, vocabulary, kinds, limit)
        except SearchRefusedError as error:
            raise CommandError(str(error), _NEXT.get(error.code, ""), Exit.USAGE) from error
    _show(out, found)
    out.emit(found.model_dump(mode="json") | ({"updated": dict(updated)} if updated else {}))
    if not found.hits:
        raise typer.Exit(int(Exit.REFUSED))


def update(out: Out) -> dict[str, Any]:
    """Bring the whole index up to date, however long that takes, and say what was done; returns it for programs."""
    with _opened() as (lake, store), out.quietly():
        done = brought_up_to_date(lake, platform_contracts(), store)
    _warn(out, done)
    came = done.difference
    moved = ", ".join(done.origins) or "nothing"
    out.say(f"{moved} had moved: {came.added:,} passages came, {came.changed:,} changed, {came.removed:,} went.")
    out.say(f"{done.passages:,} passages, {done.read:,} texts read for their meaning now, {done.unread:,} unread.")
    return (
        {
            "origins": list(done.origins), "added": came.added, "changed": came.changed, "removed": came.removed,
            "read": done.read, "unread": done.unread, "passages": done.passages, "left_out": done.left_out,
            "faults": list(done.faults),
        }
    )  # fmt: skip


@contextmanager
def _opened() -> Iterator[tuple[Lake, Store]]:
    lake = open_lake()
    with closing(Store(url_of(lake.settings))) as store:
        yield lake, store


def _warn(out: Out, done: Updated) -> None:
    for fault in done.faults:
        out.say(f"{fault}. It is not indexed; `asklake check` shows what to mend.", style="yellow")
    if done.left_out:
        out.say(f"{done.left_out:,} texts of tables were too many, and are not indexed.", style="yellow")


def _show(out: Out, found: Found) -> None:
    for hit in found.hits:
        out.say(
            f"{hit.title or hit.source.get('table')}  ({hit.kind}, {hit.score:.2f} by {' and '.join(hit.by)})",
            style="bold",
        )
        if hit.passage:
            out.say(f"  {hit.passage[:_LONGEST]}{'…' if len(hit.passage) > _LONGEST else ''}")
        out.say(f"  {_whence(hit)}", style="dim")
    if found.note:
        out.say(found.note, style="yellow")
    out.say(f"{found.passages:,} passages, {seconds(found.elapsed_ms / 1000)}", style="dim")


def _whence(hit: Hit) -> str:
    """Where a passage is from; of what can be asked for, the command."""
    source = hit.source
    if hit.kind is Kind.METRIC:
        return f"asklake query -m {source['metric']}"
    if hit.kind in (Kind.DASHBOARD, Kind.TILE):
        return f"asklake dashboard show {source['dashboard']}"
    return source_of(hit) if hit.kind in (Kind.DOCUMENT, Kind.QUESTION) else f"asklake catalog; {source_of(hit)}"
