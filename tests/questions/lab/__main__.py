"""`make lab`: foreign questions over foreign databases, how many are right, asked back, refused and silently wrong.

python -m tests.questions.lab FOLDER [--split tune] [--show]

FOLDER is what ``bring`` made. Belongs here: asking the sets and the table of results. Does not belong here: what is
right (``judging``), the layers (``layers/``).
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from lakehouse_assets.lakehouse.engines.instances import open_instance
from lakehouse_assets.settings import Settings
from nlq.answering.answer import Answerer
from nlq.core.guard import Caller
from nlq.core.plan import Plan
from nlq.factory import open_foreign
from tests.questions.lab.bring import SPLITS
from tests.questions.lab.judging import is_same

LAYERS = Path(__file__).parent / "layers"
PLANS = Path(__file__).parent / "plans"
"""By question a plan whose rows are the gold's, which shows that the layer can answer it; null where there is none."""
VERDICTS = ("right", "asked back", "asked back uselessly", "refused", "wrong", "failed")
NOW = datetime(2023, 11, 15)


@dataclass(frozen=True)
class Asked:
    """A question, what it came to, and what the answer says."""

    database: str
    question: str
    answerable: bool | None
    verdict: str
    told: str
    gold: str


class Laboratory:
    """One foreign database with its layer and its questions."""

    def __init__(self, folder: Path, split: str, database: str, layers: Path = LAYERS) -> None:
        self.name = database
        layer, file = layers / database, folder / database / "db.duckdb"
        settings = Settings(profile="local", home=folder / "homes" / database, landing="", dagster_home=None)
        self.answerer: Answerer = open_foreign(settings, layer, _built(layer, file, folder / "homes"))
        self._gold = open_instance()
        self._gold.execute(f"attach '{file}' as gold (read_only)")
        self._gold.execute("use gold")
        self.questions: list[dict[str, Any]] = json.loads((folder / "sealed" / split / f"{database}.json").read_text())
        plans = PLANS / f"{database}.json"
        self._plans: dict[str, Any] | None = json.loads(plans.read_text()) if plans.exists() else None

    def ask(self, case: dict[str, Any]) -> Asked:
        """One question, judged by the rows of its gold SQL."""
        wanted = self._gold.execute(case["gold"]).fetchall()
        first = _takes_first(case)
        answer = self.answerer.ask(case["question"], Caller(), NOW)
        told = answer.sentence
        if answer.outcome == "answered":
            verdict = "right" if is_same(answer.rows, wanted, first=first) else "wrong"
            told = f"{told} {list(answer.rows[:3])} not {wanted[:3]}" if verdict == "wrong" else told
        elif answer.outcome == "clarify":
            useful = any(self._is_right(choice.plan, wanted, first) for choice in answer.choices)
            verdict = "asked back" if useful else "asked back uselessly"
            told += " " + " | ".join(choice.question for choice in answer.choices)
        else:
            verdict = "refused" if answer.outcome == "refused" else "failed"
        return Asked(self.name, case["question"], self.is_answerable(case), verdict, told, case["gold"])

    def is_answerable(self, case: dict[str, Any]) -> bool | None:
        """Whether the layer can answer a question; None where nobody has looked."""
        return None if self._plans is None else bool(self._plans.get(str(case["id"])))

    def judge(self, case: dict[str, Any]) -> Callable[[Plan], bool]:
        """What tells whether a plan gives the gold rows of a question."""
        wanted = self._gold.execute(case["gold"]).fetchall()
        return lambda plan: self._is_right(plan, wanted, _takes_first(case))

    def _is_right(self, plan: Plan, wanted: Sequence[Any], first: bool) -> bool:
        answer = self.answerer.run(plan, Caller())
        return answer.outcome == "answered" and is_same(answer.rows, wanted, first=first)


def _takes_first(case: dict[str, Any]) -> bool:
    """Whether the gold takes the first of rows that may tie."""
    return bool(case.get("tied", False)) or "limit 1" in case["gold"].lower()


def _built(layer: Path, file: Path, folder: Path) -> Path:
    """A copy of a database with the tables of a layer's models, as its dbt would make them."""
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / f"{layer.name}.duckdb"
    models = sorted((layer / "models").glob("*.sql"))
    if copy.exists() and copy.stat().st_mtime > max(model.stat().st_mtime for model in [*models, file]):
        return copy
    half = folder / f"{layer.name}.{os.getpid()}.half"  # who is killed, or runs beside another, leaves no half behind
    shutil.copy(file, half)
    with open_instance() as con:
        con.execute(f"attach '{half}' as made")
        con.execute("use made")
        con.execute("create schema main_layer")
        for model in models:
            con.execute(f"create table main_layer.{model.stem} as {model.read_text(encoding='utf-8')}")
    half.replace(copy)
    return copy


def wilson(hits: int, count: int, z: float = 1.96) -> tuple[float, float]:
    """The 95 % interval of a share (E. B. Wilson 1927)."""
    if not count:
        return 0.0, 1.0
    share, spread = hits / count, z * z / count
    middle, width = share + spread / 2, z * math.sqrt(share * (1 - share) / count + spread / (4 * count))
    return (middle - width) / (1 + spread), (middle + width) / (1 + spread)


def show(results: Sequence[Asked], console: Console, *, everything: bool) -> None:
    """Counts by database and answerability, then what is not as it should be."""
    table = Table("database", "answerable", "questions", *VERDICTS)
    for name in [*dict.fromkeys(r.database for r in results), "all"]:
        for answerable in (True, False, None):
            mine = [r for r in results if name in ("all", r.database) and r.answerable is answerable]
            if mine:
                counts = Counter(r.verdict for r in mine)
                cells = [str(counts[v] or "") for v in VERDICTS]
                table.add_row(name, {True: "yes", False: "no", None: "?"}[answerable], str(len(mine)), *cells)
    console.print(table)
    able = [r for r in results if r.answerable is not False]
    told = [r for r in results if r.verdict in ("right", "wrong")]
    for what, hits, of in (
        ("right of the answerable", sum(r.verdict == "right" for r in able), len(able)),
        ("wrong of the answers", sum(r.verdict == "wrong" for r in told), len(told)),
    ):
        low, high = wilson(hits, of)
        console.print(f"{what}: {hits} of {of}, {hits / max(of, 1):.0%} ({low:.0%} to {high:.0%})")
    for r in results if everything else ():
        if r.verdict != "right":
            able_text = {True: "answerable", False: "unanswerable", None: ""}[r.answerable]
            console.print(f"\n[bold]{r.verdict}[/bold] {able_text} {r.database}", highlight=False)
            console.print(f"  {r.question}\n  {r.told[:600]}\n  {' '.join(r.gold.split())[:300]}", markup=False)


def main() -> None:
    """Ask every database of a split that has a layer."""
    parser = argparse.ArgumentParser(prog="lab", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--split", default="tune", choices=SPLITS)
    parser.add_argument("--layers", type=Path, default=LAYERS, help="where the layers are")
    parser.add_argument("--only", nargs="*", help="databases")
    parser.add_argument("--show", action="store_true", help="show every question that is not right")
    arguments = parser.parse_args()
    console = Console(width=160)
    results: list[Asked] = []
    begun = time.process_time()
    for file in sorted((arguments.folder / "sealed" / arguments.split).glob("*.json")):
        if (arguments.layers / file.stem).exists() and file.stem in (arguments.only or [file.stem]):
            laboratory = Laboratory(arguments.folder, arguments.split, file.stem, arguments.layers)
            results += [laboratory.ask(case) for case in laboratory.questions]
    show(results, console, everything=arguments.show)
    console.print(f"{len(results)} questions, {time.process_time() - begun:.1f} s of CPU")


if __name__ == "__main__":
    main()
