"""Text instead of figures: passages that are near a question which asks for no figure.

"What does SLA breach mean" asks what something is, "which dashboard shows the backlog" where it stands, "find documents
about returns" for what was written. Such questions are known by their form; others ask for text where no word of theirs
names a figure and nothing else about them can be answered.
Belongs here: which questions ask for text, and the answer that is made of what was found. Does not belong here: finding
it (lakehouse_assets.search, which fills the port).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from nlq.answering.document.columns import AnswerColumn
from nlq.answering.document.model import Answer
from nlq.core.outcome import Choice, Clarify, Planned, Refused
from nlq.wording.explain import as_question

if TYPE_CHECKING:
    from nlq.answering.run import Run
    from nlq.core.guard import Caller
    from nlq.core.outcome import Outcome
    from nlq.core.vocabulary import Vocabulary

_END = r"\s*[?.!]*$"
_ASKED = r"^(?:please\s+|and\s+|so\s+|can you\s+|could you\s+)*"
_THING = r"(?P<thing>document|text|note|passage|dashboard|tile|chart|table|column|field|metric|figure|kpi)s?"
_ABOUT = r"(?P<about>.+?)"


def _forms(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(f"{_ASKED}{pattern}{_END}", re.IGNORECASE) for pattern in patterns)


_MEANING = _forms(
    rf"what (?:does|do|did|would) {_ABOUT} (?:mean|stand for|refer to)(?: here)?",
    rf"what (?:is|are) meant by {_ABOUT}",
    rf"(?:(?:what(?:'s| is)|give me|tell me|show me) )?(?:the |a )?(?:meaning|definition)s? (?:of|for) {_ABOUT}",
    rf"define {_ABOUT}",
    rf"(?:how|where) (?:is|are|was|were) {_ABOUT} (?:defined|documented|described|explained)",
)
"""Forms that no figure answers, whatever else their words may be taken for: "mean" is no average there."""
_MADE = _forms(
    rf"how (?:is|are|do you|do we|does one) {_ABOUT} "
    r"(?:calculated?|computed?|measured?|worked out|derived?|determined?)",
    r"(?:explain|describe)(?: to me)? (?!why|how|what|that|this|the (?:drop|rise|fall|change|increase|decrease|diff))"
    r"(?P<about>\S+(?: \S+){0,4})",
)
"""Forms that ask what something is made of; a figure that is understood is answered all the same."""
_PLACE = _forms(
    rf"(?:which|what) {_THING} (?:shows?|has|have|contains?|holds?|tells? (?:of|about)|(?:is|are) (?:about|on|for)"
    rf"|covers?|tracks?|mentions?|says?|speaks? of|talks? about|describes?|do(?:es)? i need for) {_ABOUT}",
    rf"(?:is|are) there (?:a |an |any |some )?{_THING} (?:about|on|for|of|with|that \w+|which \w+) {_ABOUT}",
    rf"(?:find|search for|search|look for|look up|show me|show|list|get|give me) (?:the |a |any |all |some )?{_THING} "
    rf"(?:about|on|regarding|concerning|that \w+|which \w+|mentioning) {_ABOUT}",
    rf"{_THING} (?:about|regarding|concerning|mentioning) {_ABOUT}",
    rf"where (?:do|can|could|should|would) (?:i|we|one) (?:find|see|look up|look for|read about|read) {_ABOUT}",
    rf"where (?:is|are) {_ABOUT} (?:shown|kept|stored|found)",
    rf"(?:in )?(?:which|what) {_THING} (?:is|are) {_ABOUT}(?: in)?",
    rf"search for {_ABOUT}",
)
"""Forms that ask where something stands, likewise."""
_KINDS = {
    "": (), "document": ("document",), "text": ("document",), "note": ("document",), "passage": (),
    "dashboard": ("dashboard", "tile"), "tile": ("tile",), "chart": ("tile", "dashboard"),
    "table": ("table", "column"), "column": ("column",), "field": ("column",),
    "metric": ("metric",), "figure": ("metric",), "kpi": ("metric",),
}  # fmt: skip
_DEFINING = ("metric", "dimension", "column", "table", "document")
_ALSO_NAMES = frozenset({"table", "column", "field", "text", "note", "passage", "chart"})
"""What is called so elsewhere, too."""
_LONGEST = 500
"""Characters of a question that may ask for text."""
COLUMNS = ("title", "kind", "text", "source", "link")
"""Columns of an answer in text, each of whose rows is a passage, the nearest first."""


@dataclass(frozen=True)
class TextFound:
    """A passage: what it is called, what it is about, its words, where it is from, and the page that shows it.

    ``has_all`` is whether it has all the words that were looked for, but for those that tell nothing.
    """

    title: str
    kind: str
    text: str
    source: str
    link: str
    has_all: bool


@dataclass(frozen=True)
class TextsFound:
    """Passages, the nearest first; ``note`` says what the reader has to know, or why there are none."""

    texts: tuple[TextFound, ...]
    note: str = ""


class FindsTexts(Protocol):
    """What finds passages."""

    def __call__(self, words: str, kinds: tuple[str, ...], caller: Caller, vocabulary: Vocabulary) -> TextsFound:
        """What of some kinds, or of all if none is named, is near some words, of what the caller may see."""
        ...


@dataclass(frozen=True)
class TextWanted:
    """What text a question asks for: about which words, of which kinds; whether its form says so."""

    words: str
    kinds: tuple[str, ...] = ()
    by_form: bool = True


def text_wanted(question: str, outcome: Outcome) -> TextWanted | None:
    """The text that a question asks for, by what planning it came to; None where it asks for figures.

    Where a figure is understood it is given, unless the form of the question is one that no figure answers.
    """
    typed = " ".join(question.split())
    if len(typed) > _LONGEST or (isinstance(outcome, Clarify) and outcome.is_help):
        return None
    for form in _MEANING if isinstance(outcome, Planned) else (*_MEANING, *_MADE):
        if found := form.match(typed):
            return TextWanted(found["about"], _DEFINING)
    if isinstance(outcome, Planned):
        return None
    for form in _PLACE:
        if found := form.match(typed):
            thing = (found.groupdict().get("thing") or "").lower()
            if thing not in _ALSO_NAMES or not _is_named(thing, outcome):
                return TextWanted(found["about"], _KINDS[thing])
    names_figure = any(because.part == "metric" for because in outcome.because)
    if isinstance(outcome, Refused) and outcome.words and not names_figure:
        return TextWanted(typed, by_form=False)
    return None


def _is_named(thing: str, outcome: Outcome) -> bool:
    """Whether the layer has such things itself, as restaurants have tables."""
    known = [b.words.lower() for b in outcome.because if b.part in ("metric", "dimension", "value")]
    return any(thing in words for words in known)


def in_text(
    run: Run, wanted: TextWanted, outcome: Outcome, find: FindsTexts, vocabulary: Vocabulary
) -> tuple[Answer | None, str]:
    """The answer in text, if anything is near; else why there is none."""
    found = find(wanted.words, wanted.kinds, run.caller, vocabulary)
    if not found.texts and wanted.kinds:
        found = find(wanted.words, (), run.caller, vocabulary)
    # Where no form says that text is asked for, a passage that lacks a word is about something else.
    texts = [text for text in found.texts if wanted.by_form or text.has_all]
    if not texts:
        return None, found.note
    count = "1 passage is" if len(texts) == 1 else f"{len(texts)} passages are"
    nearest = texts[0]
    sentence = (
        f"Text, no figures: {count} near “{wanted.words}”. The nearest, {nearest.title} ({nearest.kind}), "
        f"says: {_beginning(nearest.text)}"
        if nearest.text
        else f"Text, no figures: {count} near “{wanted.words}”, the nearest {nearest.title} ({nearest.kind})."
    )
    answer = run.answer(
        "found", sentence,
        columns=tuple(AnswerColumn(name=name, label=name.capitalize(), kind="dimension") for name in COLUMNS),
        rows=tuple(tuple(getattr(text, name) for name in COLUMNS) for text in texts),
        notes=(found.note,) if found.note else (),
        choices=_figures(run, outcome),
        planner=outcome.planner,
    )  # fmt: skip
    return answer, ""


def _figures(run: Run, outcome: Outcome) -> tuple[Choice, ...]:
    """The figures that may be meant all the same."""
    if isinstance(outcome, Planned):
        return (Choice(question=as_question(outcome.plan, run.vocabulary), plan=outcome.plan),)
    return outcome.choices if isinstance(outcome, Clarify) else ()


_SHOWN = 240
"""Characters of the nearest passage that the sentence has."""


def _beginning(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else f"{text[: text.rfind(' ', 0, _SHOWN)]} …"
