"""`make questions`: the question sets, how many are right, asked back, refused and silently wrong, by kind.

python -m tests.questions [pgr] [sales] [ecommerce] [retail] [telemetry] [olist] [--all] [--folder FOLDER]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.questions.asking import VERDICTS, Judged, ask_all, counted, is_sound
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


def main() -> None:
    """Ask the sets named, or all."""
    parser = argparse.ArgumentParser(prog="questions", description=__doc__)
    parser.add_argument("names", nargs="*", default=[*SIZES, "olist"])
    parser.add_argument("--all", action="store_true", help="show every question, not only what went wrong")
    parser.add_argument("--folder", help="keep the lakes here and use them the next time")
    arguments = parser.parse_args()
    console = Console(width=150)
    with tempfile.TemporaryDirectory(prefix="asklake-questions-") as temporary:
        folder = Path(arguments.folder or temporary)
        worlds = sample_worlds(folder) if SIZES.keys() & set(arguments.names) else {}
        if "olist" in arguments.names:
            worlds["olist"] = foreign_world(folder / "foreign")
        for name in arguments.names:
            begun = time.perf_counter()
            judged = ask_all(worlds[name])
            show(judged, console, everything=arguments.all)
            console.print(f"{len(judged)} questions in {time.perf_counter() - begun:.1f} s\n")


if __name__ == "__main__":
    main()
