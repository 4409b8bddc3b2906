"""`make questions`: the question sets, how many are right, asked back, refused and silently wrong, by kind.

python -m tests.questions [pgr] [sales] [ecommerce] [retail] [telemetry] [olist] [--all] [--folder FOLDER] [--model]

After the sets: what some of their questions come to in other people's wordings, by habit of wording. With
--model, the language model that the settings name is asked beside the rules, and its own plans are counted as well.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from lakehouse_assets.settings import Settings
from nlq.llm.client import ModelClient
from nlq.planning.planner import Planner
from tests.questions.asking import VERDICTS, Judged, ask_all, counted, is_sound
from tests.questions.modelled import Kept
from tests.questions.paraphrasing import CONSISTENCIES, HABITS, Worded, reword_all
from tests.questions.worlds import SIZES, foreign_world, sample_worlds


def show(judged: Sequence[Judged], console: Console, *, everything: bool) -> None:
    """The counts by kind, and every question whose outcome is not the one there should be."""
    table = Table("kind", "questions", *VERDICTS, "as it should be", title=f"Questions · {judged[0].world}")
    kinds = dict.fromkeys(item.kind for item in judged)
    for kind in [*kinds, None]:
        mine = [item for item in judged if kind in (None, item.kind)]
        counts = counted(mine)
        sound = sum(is_sound(item) for item in mine)
        cells = [str(counts[v]) if counts[v] else "" for v in VERDICTS]
        table.add_row(kind or "all", str(len(mine)), *cells, f"{sound / len(mine):.0%}", end_section=kind is None)
    console.print(table)
    for item in judged:
        if everything or not is_sound(item):
            console.print(f"[bold]{item.verdict}[/bold] ({item.kind}) {item.case['ask']}\n    {item.why}", markup=True)
            for choice in item.answer.choices:
                console.print(f"    - {choice.question}", markup=False)


def show_wordings(worded: Sequence[Worded], console: Console, *, everything: bool) -> None:
    """The counts by habit, and every wording that is answered with another plan."""
    table = Table("habit", "wordings", *CONSISTENCIES, title="The same questions in other words")
    for habit in [*HABITS, None]:
        mine = [item for item in worded if habit in (None, item.habit)]
        counts = Counter(item.verdict for item in mine)
        cells = [str(counts[v]) if counts[v] else "" for v in CONSISTENCIES]
        table.add_row(habit or "all", str(len(mine)), *cells, end_section=habit is None)
    console.print(table)
    for item in worded:
        if item.verdict == "another plan" or (everything and item.verdict != "same plan"):
            console.print(f"{item.verdict} ({item.habit}) {item.text}\n    {item.why}", markup=False)


def _beside() -> Kept:
    """The language model of the settings."""
    client = ModelClient.of(Settings())
    if client is None:
        raise SystemExit("--model: set ASKLAKE_LLM_BASE_URL and ASKLAKE_LLM_MODEL to a language model first.")
    return Kept(client)


def _seconds(taken: Sequence[float]) -> str:
    return f"median {statistics.median(taken):.1f} s, longest {max(taken):.1f} s" if taken else "never asked"


def main() -> None:
    """Ask the sets named, or all."""
    parser = argparse.ArgumentParser(prog="questions", description=__doc__)
    parser.add_argument("names", nargs="*", default=[*SIZES, "olist"])
    parser.add_argument("--all", action="store_true", help="show every question, not only what went wrong")
    parser.add_argument("--folder", help="keep the lakes here and use them the next time")
    parser.add_argument("--model", action="store_true", help="with the language model of the settings beside the rules")
    arguments = parser.parse_args()
    kept = _beside() if arguments.model else None
    console = Console(width=150)
    worded: list[Worded] = []
    with tempfile.TemporaryDirectory(prefix="asklake-questions-") as temporary:
        folder = Path(arguments.folder or temporary)
        planner = kept.planner if kept else Planner
        worlds = sample_worlds(folder, planner) if SIZES.keys() & set(arguments.names) else {}
        if "olist" in arguments.names:
            worlds["olist"] = foreign_world(folder / "foreign")
        for name in arguments.names:
            begun = time.perf_counter()
            judged = ask_all(worlds[name])
            show(judged, console, everything=arguments.all)
            console.print(f"{len(judged)} questions in {time.perf_counter() - begun:.1f} s\n")
            if kept:
                told = ", ".join(f"{count} {what}" for what, count in kept.said(worlds[name]).items())
                console.print(f"The model's own plans where it was asked: {told}; {_seconds(kept.seconds)}\n")
            worded += reword_all(worlds[name]) if name in SIZES else ()
        if worded:
            show_wordings(worded, console, everything=arguments.all)


if __name__ == "__main__":
    main()
