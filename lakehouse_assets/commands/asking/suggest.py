"""`asklake suggest`: words that people use and the layer does not know, accepted or refused by a person.

Belongs here: showing them and what is done with one. Does not belong here: learning them
(``nlq.answering.suggesting``), writing into files (``drafting.synonyms``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

from lakehouse_assets.commands.failures import CommandError, Exit
from lakehouse_assets.commands.output import Out

if TYPE_CHECKING:
    from nlq.answering.suggesting import Suggestion

_MOST_SHOWN = 50
_LONGEST_EXAMPLE = 80


class Reading(NamedTuple):
    """Which questions to learn from: the newest of the last days, of one tenant or of all."""

    days: int
    questions: int
    tenant: str | None


def propose(out: Out, read: Reading) -> None:
    """Print what may be added to the layer, the most wanted first."""
    found, unknown = _learnt(out, read)
    rows = [(s.id, s.word, f"{s.label} ({s.kind})", s.asked, s.meant, s.tenants, _shortened(s.examples)) for s in found]
    if rows:
        columns = ("id", "word", "turned out to mean", "asked", "meant", "tenants", "for example")
        out.table(columns, rows, limit=_MOST_SHOWN)
        out.say("`asklake suggest accept ID` adds a word to the layer, `asklake suggest --dismiss ID` forgets it.")
    else:
        out.say(f"Nothing to propose from the questions of the last {read.days} days.")
    if unknown:
        words = ", ".join(f"{word} ({count})" for word, count in list(unknown.items())[:10])
        out.say(f"Asked for and never understood: {words}", style="dim")
    out.emit({"suggestions": [_document(s) for s in found], "never_understood": unknown})


def accept(out: Out, read: Reading, suggestion_id: str, *, only_print: bool) -> None:
    """Write a word into the layer, or print what would be written."""
    from lakehouse_assets.drafting.synonyms import NoPlaceError, place_for, write
    from lakehouse_assets.settings import get_settings

    one = _named(out, read, suggestion_id)
    if one.kind == "value":
        reason = f"a value has no synonyms in the layer: “{one.word}” for {one.label} of {one.name}"
        raise CommandError(
            reason, "name it so in the data, by a mapping of its source or in its dbt model", Exit.REFUSED
        )
    root = get_settings().project_root
    try:
        place = place_for(root / "semantic" / "models", one.kind, one.name, one.word)
    except NoPlaceError as error:
        raise CommandError(str(error), f"add “{one.word}” to its config.meta.synonyms by hand", Exit.REFUSED) from error
    where = f"{place.file.relative_to(root)}:{place.line}"
    if only_print:
        out.say(where)
        out.say(place.text.splitlines()[place.line - 1].strip())
    else:
        write(place)
        out.say(f"“{one.word}” means {one.label} now: {where}")
        out.say("`asklake check` looks at the whole; the next question reads the new layer.", style="dim")
    out.emit({"accepted": _document(one), "file": str(place.file.relative_to(root)), "line": place.line,
              "written": not only_print})  # fmt: skip


def dismiss(out: Out, read: Reading, suggestion_id: str) -> None:
    """Remember that a word is not to be proposed for this meaning again."""
    from lakehouse_assets.settings import get_settings
    from nlq.storage.suggestions import Dismissed

    one = _named(out, read, suggestion_id)
    dismissed = Dismissed(get_settings().queue_url)
    try:
        dismissed.add(one.id, one.word, one.name)
    finally:
        dismissed.close()
    out.say(f"“{one.word}” is not proposed for {one.label} again.")
    out.emit({"dismissed": _document(one)})


def _named(out: Out, read: Reading, suggestion_id: str) -> Suggestion:
    found, _ = _learnt(out, read)
    for one in found:
        if one.id == suggestion_id:
            return one
    raise CommandError(f"there is no suggestion {suggestion_id}", "`asklake suggest` lists them", Exit.USAGE)


def _learnt(out: Out, read: Reading) -> tuple[list[Suggestion], dict[str, int]]:
    from lakehouse_assets.commands.asking.questions import open_answerer
    from lakehouse_assets.commands.lake.lookups import open_lake
    from lakehouse_assets.settings import get_settings
    from nlq.answering.suggesting import suggestions
    from nlq.core.guard import Caller
    from nlq.storage.suggestions import Dismissed, OutOfBoundsError, asked_lately

    try:
        asked = asked_lately(open_lake(), read.days, read.questions, read.tenant)
    except OutOfBoundsError as error:
        raise CommandError(str(error), "choose --days and --questions within these", Exit.USAGE) from error
    vocabulary = open_answerer(out).vocabulary(Caller(tenant=read.tenant))
    dismissed = Dismissed(get_settings().queue_url)
    try:
        return suggestions(asked, vocabulary, dismissed.ids())
    finally:
        dismissed.close()


def _document(one: Suggestion) -> dict[str, Any]:
    return {"id": one.id, **asdict(one)}


def _shortened(examples: Sequence[str]) -> str:
    text = examples[0] if examples else ""
    return text if len(text) <= _LONGEST_EXAMPLE else f"{text[: _LONGEST_EXAMPLE - 1]}…"
