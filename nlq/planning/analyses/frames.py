"""The words around a figure by which a question asks to find something out: "why did … rise", "anything unusual in …".

Belongs here: those words, and where they stand. Does not belong here: what stands between them, which is read as any
question is (``scope``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from nlq.core.analysis import AnalysisKind
from nlq.english.tokens import Token, set_of, unquoted

Claim = Literal["rise", "fall"]
Place = tuple[int, int]
"""Tokens [first, last)."""

_RISE = set_of(
    "rise rises rising rose risen increase increases increased increasing grow grows grew grown growing climb climbs "
    "climbed climbing jump jumps jumped jumping spike spikes spiked spiking surge surges surged surging soar soars "
    "soared soaring up higher more peak peaked growth upswing uptick upturn"
)
_FALL = set_of(
    "fall falls falling fell fallen decrease decreases decreased decreasing decline declines declined declining drop "
    "drops dropped dropping dip dips dipped dipping sink sinks sank sunk sinking shrink shrinks shrank shrunk "
    "shrinking slump slumps slumped plunge plunges plunged plummet plummets plummeted down lower less fewer downturn "
    "reduction"
)
_MOVE = set_of(
    "change changes changed changing move moves moved moving movement shift shifts shifted differ differs differed "
    "different improve improves improved improving improvement worsen worsens worsened worsening deteriorate "
    "deteriorated better worse development difference"
)
_BESIDE = set_of(
    "go goes going went gone come came get gets getting got become becomes became so much sharply suddenly sharp "
    "sudden significantly significant strongly strong slightly slight dramatically dramatic rapidly quickly "
    "considerably noticeably steadily lot big large huge that unexpectedly steep"
)
"""Verbs and adverbs beside the word that says which way: "went up", "so much lower", "the sudden drop"."""
_LEVELS = set_of("high low bad poor good great slow fast big small large many few long short weak strong")
_EXTENT = set_of("so too very this that such as")

_POLITE = (
    r"(?:(?:please|pls|plz|kindly|hi|hello|hey|so|and|but|ok|okay|can|could|would|will|you|tell|explain|show|give|let|"
    r"me|us|i|want|need|like|to|know|understand|see|just|do|have|any idea|wonder|wondering|am|im|about|,) )*"
)
_WHY = re.compile(
    rf"^{_POLITE}(?P<cue>why|how come|for (?:what|which) reason)(?: is it that)?"
    r"(?: (?:did|do|does|is|are|was|were|has|have|had|there))*(?= |$)"
)
_CAUSES = r"(?:reasons?|causes?|drivers?|explanations?|contributors?|factors?)"
_CAUSED = (
    r"(?:caused?|causes|causing|drove|drives?|driving|driven|explains?|explained|behind|led to|leads to|leading to)"
)
_OF_CAUSES = re.compile(
    rf"^{_POLITE}(?:(?:what|which|list|find|are|is|was|were|the|main|key|biggest|top|most|important|likely|possible) )*"
    rf"(?:(?P<noun>{_CAUSES}) (?:for|of|behind|why)|(?<=what )(?P<verb>{_CAUSED})|(?<=is |re |as )(?P<verb2>{_CAUSED}))"
    r"(?= |$)"
)
_MADE = re.compile(rf"^{_POLITE}what (?:has |have )?(?P<cue>made|makes|making)(?= )")
_EXPLAIN = re.compile(rf"^{_POLITE}(?P<cue>explain)(?: me| us| to me| to us)? (?:the|this|that|our)(?= )")

_THINGS = r"anything|something|things?|stuff|everything|nothing"
_ODD = (
    r"(?:unusual|odd|strange|weird|abnormal|anomalous|suspicious|unexpected|atypical|exceptional|extraordinary|"
    r"remarkable|peculiar|surprising|out of the ordinary|unusually (?:high|low|many|few)|off track|wrong|irregular)"
)
_ODDITIES = r"(?:anomal(?:y|ies)|outliers?|irregularit(?:y|ies)|oddit(?:y|ies)|abnormalit(?:y|ies))"
_LOOKING = (
    rf"(?:(?:is|are|was|were|there|been|has|have|had|did|does|do|see|spot|detect|find|found|notice|list|identify|"
    rf"highlight|check|look|looking|for|if|whether|any|some|all|what|whats|which|when|where|the|a|an|most|happen|happens|"
    rf"happened|happening|going|on|you|we|i|with|us|{_THINGS}) )*"
)
_AFTER = (
    rf"(?: (?:{_THINGS}|days?|values?|figures?|numbers?|activity|patterns?|behaviou?rs?|movements?|changes?|events?|"
    r"going on|goes on|went on|happening|happens?|happened|occurr(?:ed|ing)|is|are|was|there|out|here|to report|"
    r"detected|found|been))*"
)
_UNUSUAL = re.compile(rf"^{_POLITE}{_LOOKING}(?P<cue>{_ODDITIES}|{_ODD}){_AFTER}(?= |$)")
_IS_UNUSUAL = re.compile(
    rf"^{_POLITE}(?P<first>is|are|was|were|has|have|do|does|did|anything about|something about) (?P<rest>.+?)"
    r"(?P<last>(?: (?:been|look|looks|looking|behave|behaving|acting|show|showing|have|having|seem|any|an|a|"
    rf"{_THINGS}))* (?P<cue>{_ODDITIES}|{_ODD}))(?= |$)"
)

_ASKERS = (
    r"(?:should|must|shall|ought|would)(?: (?:i|we|you|one|my team|our team|management))?|do (?:i|we) (?:need|have)|"
    r"(?:i|we|you|one) (?:should|must|ought|need|have)"
)
_DOING = (
    r"(?:look|focus|worry|care|watch|know|check|do|prioriti[sz]e|act|investigate|concentrate|start|begin|address|fix|"
    r"improve|pay (?:close )?attention|keep an eye|be (?:worried|concerned|aware|looking|doing)|dig|examine|see|review)"
)
_FIGURES = r"(?:what|where|which(?: (?:figures|metrics|numbers|kpis|areas|things|ones))?)"
_ATTENTION = tuple(
    re.compile(
        rf"^{_POLITE}{pattern}(?: (?:at|on|about|to|into|of|first|next|now|right now|today|closely|out for))*(?= |$)"
    )
    for pattern in (
        rf"{_FIGURES}(?: else)? (?:{_ASKERS})(?: to)? (?P<cue>{_DOING})",
        rf"(?:{_FIGURES}|{_THINGS}|is there anything)(?: that)? (?P<cue>"
        r"(?:needs?|requires?|deserves?|merits?|calls? for)(?: my| our| your| some)? attention)",
        rf"(?:is there |are there )?(?:{_THINGS})(?: that)?(?: (?:{_ASKERS}))(?: to)? (?P<cue>{_DOING})",
        r"(?:(?:what|whats|is|are|there|the|anything|something|things|most|really|today) )+(?P<cue>important|"
        r"interesting|noteworthy|notable|concerning|worrying|alarming|"
        r"worth (?:looking at|knowing|noting|mentioning|a look|my time))"
        r"(?: (?:to know|things?|news|going on|happening))*",
        r"(?:(?:what|whats|are|is|there|the|any|some|all|my|our|your|top|main|key|most|important|latest|new|list|"
        r"find) )*(?P<cue>insights?|highlights?|takeaways?|recommendations?|red flags?)",
    )
)
_SURELY = 3
"""How many of them no plain question begins with."""

_CHANGING = r"(?:changed|changing|moved|shifted|happened|different|new)"
_CHANGED = tuple(
    re.compile(rf"^{_POLITE}{pattern}(?= |$)")
    for pattern in (
        r"(?:what|whats|which (?:figures|metrics|numbers|kpis|things)|has anything|have things|how have things|"
        r"has something|is anything|how has everything)(?: (?:all|else|exactly|has|have|is|are|was|were|had|been|the))*"
        rf" (?P<cue>{_CHANGING})(?: (?:there|most|much|noticeably|significantly|recently|the most|a lot))*",
        r"(?:did (?:anything|something|things)|how did things|what did) (?P<cue>change|move|happen)",
        r"(?:(?:what|which|are|were|is|there|the|any|all|list|biggest|largest|main|most|important|top|recent|"
        r"significant|notable|how) )*(?P<cue>changes|movers)"
        r"(?: (?:were|was|are|have|has|there|been|happened|occurred|did|we|see))*",
    )
)

_FORECAST = set_of(
    "forecast forecasts forecasted forecasting forcast predict predicts predicted predicting prediction predictions "
    "projection projections projected outlook foretell"
)
_EXPECTS = set_of("expect expects expected expecting anticipate anticipated estimate estimated likely will going shall")
"""Words that ask for what comes where a time to come is said."""

_SIGNIFICANT = re.compile(
    r"(?:^|(?<= ))(?P<cue>(?:(?:statistically|really|actually|truly) )?(?:significant(?:ly)?|significance)|"
    r"(?:more than|(?:just|only|merely|by|pure) )(?:by )?(?:chance|coincidence|noise|luck))(?= |$)"
)
_DIFFERING = set_of("differ differs differed differing different difference differences test tests level")
_LEADING = set_of(
    "is are was were do does did has have had there a an any the how can could would you please tell me if whether "
    "what whats strongly closely s calculate compute show test check find give of in it"
)
"""Words that such a question begins with, and that pick nothing out."""
_JOINING = set_of("with to on")
_CORRELATED = re.compile(
    r"(?:^|(?<= ))(?P<cue>correlat(?:ions?|ed|es?|ing)|(?P<weak>(?:positively |negatively |strongly |closely )?"
    r"(?:related|associated|linked)|relationships?|associations?|connections?|move together|depends? on))"
    r"(?P<to>(?: coefficients?)?(?: (?:between|of|with|to|for|among))?)(?= |$)"
)


@dataclass(frozen=True)
class Frame:
    """The words by which a question asks to find something out, and what of it is left for a plain question.

    ``said`` are the places of those words, ``cues`` the words among them that no general English has: a layer that
    knows one of them means its own. ``moves`` are places of words that may say which way something moved. ``sure`` is
    true where no plain question begins so; ``ahead`` where only a time to come makes it one.
    """

    kind: AnalysisKind
    said: tuple[Place, ...]
    cues: tuple[str, ...] = ()
    moves: tuple[tuple[Place, Claim | None], ...] = ()
    sure: bool = False
    ahead: bool = False

    def rest(self, tokens: Sequence[Token], *without: Place) -> list[Token]:
        """The tokens that are none of its words, nor at these places."""
        gone = {at for first, last in (*self.said, *without) for at in range(first, last)}
        return [token for at, token in enumerate(tokens) if at not in gone]


def frames_of(tokens: Sequence[Token]) -> Iterator[Frame]:
    """The frames that a question may have, the likeliest first."""
    words = _Words(tokens)
    for find in (_why, _unusual, _attention, _changed, _difference, _correlation, _forecast):
        if frame := find(words):
            yield frame


class _Words:
    """The words of a question as one text, and the token at each of its places."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.norms = [norm or "\0" for norm in unquoted(tokens)]
        self.text = " ".join(self.norms)
        self._starts = [0]
        for norm in self.norms:
            self._starts.append(self._starts[-1] + len(norm) + 1)

    def place(self, match: re.Match[str], group: str | int = 0) -> Place:
        """The tokens of a match; words are never cut."""
        start, end = match.span(group)
        first = next(n for n, at in enumerate(self._starts) if at >= start)
        last = next(n for n, at in enumerate(self._starts) if at > end)
        return first, last


def _why(words: _Words) -> Frame | None:
    for pattern, cue in ((_WHY, True), (_EXPLAIN, False), (_MADE, False), (_OF_CAUSES, False)):
        match = pattern.match(words.text)
        if match is None:
            continue
        place = words.place(match)
        moves = tuple(_moves(words.norms, place[1]))
        named = tuple(filter(None, (match.groupdict().get(name) for name in ("noun", "verb", "verb2"))))
        if cue or moves or (named and pattern is _OF_CAUSES):
            levels = () if moves else tuple(_levels(words.norms, place[1]))
            return Frame(AnalysisKind.WHY, (place, *levels), named[:1], moves, sure=cue)
    return None


def _levels(norms: Sequence[str], start: int) -> Iterator[Place]:
    """The words that say that a figure is high or low, which tells of no movement: "so high", "low" at the end."""
    for at in range(start, len(norms)):
        first = at - 1 if at > start and norms[at - 1] in _EXTENT else at
        if norms[at] in _LEVELS and (first < at or at == len(norms) - 1):
            yield first, at + 1


def _moves(norms: Sequence[str], start: int) -> Iterator[tuple[Place, Claim | None]]:
    """The words that may say which way something moved, with those beside them."""
    for at in range(start, len(norms)):
        word = norms[at]
        than_number = norms[at + 1 : at + 2] == ["than"] and norms[at + 2 : at + 3] and norms[at + 2][0].isdigit()
        if word not in _RISE | _FALL | _MOVE or than_number:
            continue
        first, last = at, at + 1
        while first > start and norms[first - 1] in _BESIDE:
            first -= 1
        while last < len(norms) and norms[last] in _BESIDE:
            last += 1
        yield (first, last), "rise" if word in _RISE else "fall" if word in _FALL else None


def _unusual(words: _Words) -> Frame | None:
    if match := _UNUSUAL.match(words.text):
        return Frame(AnalysisKind.UNUSUAL, (words.place(match),), (match["cue"],))
    if match := _IS_UNUSUAL.match(words.text):
        places = (words.place(match, "first"), words.place(match, "last"))
        polite = ((0, places[0][0]),) if places[0][0] else ()
        return Frame(AnalysisKind.UNUSUAL, (*polite, *places), (match["cue"],))
    return None


def _attention(words: _Words) -> Frame | None:
    for at, pattern in enumerate(_ATTENTION):
        if match := pattern.match(words.text):
            return Frame(AnalysisKind.ATTENTION, (words.place(match),), (match["cue"],), sure=at < _SURELY)
    return None


def _changed(words: _Words) -> Frame | None:
    match = next((found for one in _CHANGED if (found := one.match(words.text))), None)
    if match is None:
        return None
    return Frame(AnalysisKind.CHANGED, (words.place(match),), moves=((words.place(match, "cue"), None),))


def _difference(words: _Words) -> Frame | None:
    match = _SIGNIFICANT.search(words.text)
    moves = tuple(_moves(words.norms, 0))
    differs = moves or _DIFFERING.intersection(words.norms)
    if match is None or not (differs or set(words.norms[: words.place(match)[0]]) <= _LEADING | _EXTENT):
        return None
    said = {at for first, last in (words.place(match), *(place for place, _ in moves)) for at in range(first, last)}
    said |= {at for at, norm in enumerate(words.norms) if norm in _DIFFERING} | _leading(words.norms, said)
    return Frame(AnalysisKind.DIFFERENCE, _runs(said), (match["cue"].split()[-1],), moves)


def _correlation(words: _Words) -> Frame | None:
    match = _CORRELATED.search(words.text)
    if match is None:
        return None
    said = set(range(*words.place(match)))
    # What stands between the two figures parts them, and is left: "is X correlated with Y", "X depends on Y".
    if words.norms[max(said)] in _JOINING and not _is_leading(words.norms, min(said)):
        said.discard(max(said))
    said |= _leading(words.norms, said)
    return Frame(AnalysisKind.CORRELATION, _runs(said), (match["cue"].split()[0],))


def _is_leading(norms: Sequence[str], end: int) -> bool:
    return all(norm in _LEADING or norm in _BESIDE for norm in norms[:end])


def _leading(norms: Sequence[str], said: set[int]) -> set[int]:
    """The places of the words before the first that names something."""
    first = next((at for at, norm in enumerate(norms) if at not in said and norm not in _LEADING), len(norms))
    return set(range(first))


def _runs(places: set[int]) -> tuple[Place, ...]:
    """Places that follow one another as one."""
    starts = sorted(at for at in places if at - 1 not in places)
    ends = sorted(at + 1 for at in places if at + 1 not in places)
    return tuple(zip(starts, ends, strict=True))


def _forecast(words: _Words) -> Frame | None:
    strong = [at for at, norm in enumerate(words.norms) if norm in _FORECAST]
    weak = [at for at, norm in enumerate(words.norms) if norm in _EXPECTS]
    if not strong and not weak:
        return None
    cues = tuple(words.norms[at] for at in (*strong, *weak))
    said = sorted({*strong, *weak, *(at - 1 for at in weak if at and words.norms[at - 1] == "what")})
    return Frame(AnalysisKind.FORECAST, tuple((at, at + 1) for at in said), cues, ahead=not strong)
