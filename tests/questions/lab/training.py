"""Learns what the features of plans weigh, from questions of the laboratory whose gold rows are known.

    python -m tests.questions.lab.training FOLDER [--write]

FOLDER is what ``bring`` made. Plans that come near are run and judged by their rows; what was run is kept in
FOLDER/judged.json. The figures are of databases left out, one after another: for each the weights are learned from the
others. With ``--write`` those of all go to ``nlq/planning/ranked/weights.json``; the same input gives the same weights.

Belongs here: candidates and their labels, fitting (listwise softmax with a ridge), the figures. Does not belong here:
the features (``nlq.planning.ranked``), what is right (``judging``).
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from nlq.core.guard import Caller
from nlq.core.outcome import MOST_CHOICES, Clarify
from nlq.core.plan import Plan
from nlq.core.spelling import same_form
from nlq.english.tokens import tokenize
from nlq.planning.drafts.mentions import Reach
from nlq.planning.mending import mend
from nlq.planning.planner import Planner
from nlq.planning.ranked import model
from nlq.planning.ranked.ranker import Ranker
from nlq.planning.search import Asked, Search
from tests.questions.lab.__main__ import LAYERS, NOW, Laboratory

SPLITS = ("tune", "closed", "closed2")
"""Splits whose questions have been read; the others are kept to measure by."""
_RIDGE, _STEPS, _RATE = 0.02, 250, 0.08
_MOST_WEIGHED, _MOST_JUDGED, _ROUNDS = 120, 6, 2
"""How many plans of a question are weighed, and how many of the likeliest are run in each round."""


@dataclass
class Case:
    """One question: what the rules come to, if it can be answered, and of each plan that comes near its features, and
    whether it gives the gold rows.
    """

    database: str
    outcome: str
    features: Sequence[dict[str, float]]
    right: list[bool]


class Judged:
    """Which plans give the gold rows of a question, kept in a file from one run to the next."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._known: dict[str, bool] = json.loads(file.read_text()) if file.exists() else {}

    def save(self) -> None:
        """Write what is known."""
        self._file.write_text(json.dumps(self._known, indent=0, sort_keys=True))

    def of(self, key: str, plan: Plan, run: Callable[[Plan], bool] | None) -> bool:
        """Whether the plan gives the gold rows; one that was never run does not, unless it is run now."""
        name = f"{key} {plan.fingerprint}"
        if name not in self._known and run is not None:
            self._known[name] = run(plan)
        return self._known.get(name, False)


def cases(laboratory: Laboratory, weights: model.Model, judged: Judged) -> list[Case]:
    """The questions of a database; of each the likeliest plans are run."""
    vocabulary = laboratory.answerer.vocabulary(Caller())
    rules = Planner(vocabulary, ranks=False)
    search, ranker = Search(rules.lexicon), Ranker(rules.lexicon, weights)
    found = []
    for case in laboratory.questions:
        question = same_form(case["question"])
        tokens, _ = mend(tokenize(question), rules.lexicon)
        whole = Asked(question, tokens, NOW.date())
        said, features = ranker.look(whole, search.finder(whole, Reach.RELATED).mentions)
        outcome = rules.plan(case["question"], NOW)
        offered = outcome if isinstance(outcome, Clarify) and outcome.words else None
        scored = ranker.scored(said, features, offered, most=_MOST_WEIGHED)
        run = laboratory.judge(case) if laboratory.is_answerable(case) else None
        key = f"{laboratory.name} {case['id']}"
        right = [judged.of(key, one.plan, run if at < _MOST_JUDGED else None) for at, one in enumerate(scored)]
        if scored:
            found.append(
                Case(
                    laboratory.name,
                    type(outcome).__name__.lower() if run else "",
                    [one.features for one in scored],
                    right,
                )
            )
    return found


def fit(known: Sequence[Case]) -> dict[str, float]:
    """The weights that make the right plans likeliest (listwise softmax, by Adam, the same every time)."""
    usable = [case for case in known if any(case.right)]
    if not usable:
        return {}
    names = sorted({name for case in usable for one in case.features for name in one})
    rows = np.array([[one.get(name, 0.0) for name in names] for case in usable for one in case.features])
    right = np.array([float(one) for case in usable for one in case.right])
    sizes = [len(case.right) for case in usable]
    first, of = np.concatenate([[0], np.cumsum(sizes)[:-1]]), np.repeat(np.arange(len(usable)), sizes)
    spread = rows.std(0) + 1e-6
    rows = rows / spread
    weights, mean, square = (np.zeros(len(names)) for _ in range(3))
    for step in range(1, _STEPS + 1):
        scores = rows @ weights
        parts = np.exp(scores - np.maximum.reduceat(scores, first)[of])
        likely = parts / np.add.reduceat(parts, first)[of]
        wanted = parts * right / np.add.reduceat(parts * right, first)[of]
        slope = rows.T @ (likely - wanted) / len(usable) + _RIDGE * weights
        mean, square = 0.9 * mean + 0.1 * slope, 0.99 * square + 0.01 * slope**2
        pace = _RATE * (1 - step / _STEPS)
        weights -= pace * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
    return {name: round(float(one), 3) for name, one in zip(names, weights / spread, strict=True)}


def left_out(known: Sequence[Case]) -> Counter[tuple[str, str]]:
    """Where the first right plan stands, by what the rules come to; each database by the weights of the others."""
    found: Counter[tuple[str, str]] = Counter()
    for database in sorted({case.database for case in known}):
        weights = model.Model(fit([case for case in known if case.database != database]), 0.0)
        for case in (case for case in known if case.database == database and case.outcome):
            scores = [weights.score(one) for one in case.features]
            order = sorted(range(len(scores)), key=lambda at: -scores[at])
            place = next((place for place, at in enumerate(order) if case.right[at]), None)
            found[case.outcome, _rank(place)] += 1
    return found


def _rank(place: int | None) -> str:
    if place is None:
        return "none"
    return "first" if place == 0 else "offered" if place < MOST_CHOICES else "later"


def show(counts: Counter[tuple[str, str]], console: Console) -> None:
    """Where the right plan stands, by what the rules come to."""
    table = Table("rules", "first", "offered", "later", "none")
    for outcome in ("planned", "clarify", "refused"):
        table.add_row(outcome, *(str(counts[outcome, rank]) for rank in ("first", "offered", "later", "none")))
    console.print(table)


def main() -> None:
    """Judge, learn, tell, and write the weights if that is asked for."""
    parser = argparse.ArgumentParser(prog="training", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="*", help="databases")
    parser.add_argument("--write", action="store_true", help="keep the weights")
    arguments = parser.parse_args()
    console, judged = Console(width=120), Judged(arguments.folder / "judged.json")
    weights = model.load()
    known: list[Case] = []
    for _ in range(_ROUNDS):
        by_database: dict[str, list[Case]] = defaultdict(list)
        for split in SPLITS:
            for file in sorted((arguments.folder / "sealed" / split).glob("*.json")):
                if (LAYERS / file.stem).exists() and file.stem in (arguments.only or [file.stem]):
                    laboratory = Laboratory(arguments.folder, split, file.stem)
                    by_database[file.stem] += cases(laboratory, weights, judged)
                    judged.save()
        known = [case for name in sorted(by_database) for case in by_database[name]]
        weights = model.Model(fit(known), weights.chance)
    show(left_out(known), console)
    if arguments.write:
        model.write(weights)


if __name__ == "__main__":
    main()
