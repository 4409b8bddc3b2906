"""Load local copies of public collections, and tell by family what became of their records.

    python -m tests.corpus FOLDER [--json] [--family NAME] [--limit N]

FOLDER has a folder for each collection, which is a family of the table, named as you like, with the files as they lie
in its repository. Of these the figures of the project are told (none is part of it; each has its own licence):

    Pollock            github.com/HPI-Information-Systems/Pollock: polluted_files/csv, survey_sample/csv
    csv-spectrum       github.com/max-mapper/csv-spectrum: csvs
    duckdb             github.com/duckdb/duckdb: data/csv, data/json, data/parquet-testing
    arrow-testing      github.com/apache/arrow-testing: data/csv, data/parquet
    parquet-testing    github.com/apache/parquet-testing, the whole
    JSONTestSuite      github.com/nst/JSONTestSuite: test_parsing, test_transform

Files are told by their suffix; below a folder `parquet`, all are taken for Parquet. Each is loaded by itself into a
lake that is thrown away, through a source with the file's own columns, and compared with what Python's csv in strict
mode, json or PyArrow read. A file that takes a minute has crashed. The exit code is 1 if a record was lost or changed,
or a file crashed the load.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.corpus.running import run
from tests.corpus.trial import Outcome, format_of

FIGURES = ("read", "loaded", "quarantined", "lost", "corrupted")


def families(folder: Path) -> dict[str, list[Path]]:
    """The files of each collection and format that can be loaded, sorted."""
    found: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        collection = path.relative_to(folder).parts[0]
        if kind := format_of(path.relative_to(folder)):
            found[f"{collection} {'json' if kind == 'ndjson' else kind}"].append(path)
    return dict(sorted(found.items()))


def figures(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """The sums of a family."""
    ends = Counter(o.ending for o in outcomes)
    sums = {name: sum(getattr(o, name) for o in outcomes) for name in FIGURES}
    refused = sum(o.ending == "refused" and o.sound for o in outcomes)
    return {
        "files": len(outcomes),
        **sums,
        "refused": ends["refused"],
        "refused_sound": refused,
        "crashed": ends["crashed"],
    }


def show(outcomes: Sequence[Outcome], console: Console) -> None:
    """Print the table, the reasons, and every fault."""
    table = Table("family", "files", "records read", "loaded", "quarantined", "lost", "corrupted",
                  "files refused", "of them sound", "crashed")  # fmt: skip
    for family in sorted({o.family for o in outcomes}):
        table.add_row(family, *(f"{n:,}" for n in figures([o for o in outcomes if o.family == family]).values()))
    table.add_row("all", *(f"{n:,}" for n in figures(outcomes).values()), style="bold")
    console.print(table)
    for ending, word in (("refused", "files refused"), ("loaded", "files with records in quarantine")):
        reasons = Counter(r for o in outcomes if o.ending == ending for r in o.reasons)
        for reason, count in reasons.most_common(25):
            console.print(f"{count:6,} {word}: {reason}", markup=False, soft_wrap=True)
    for o in outcomes:
        if is_fault(o):
            told = f"{o.ending}, {o.lost} lost, {o.corrupted} corrupted"
            console.print(f"FAULT {o.file}: {told}: {o.detail}", markup=False, soft_wrap=True)


def is_fault(outcome: Outcome) -> bool:
    """Whether something is wrong with how a file was loaded."""
    return outcome.ending == "crashed" or bool(outcome.lost or outcome.corrupted)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; gives its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.corpus", description=str(__doc__).splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", action="store_true", help="print JSON: figures by family, and every outcome")
    parser.add_argument("--family", action="append", help="only families whose name begins so")
    parser.add_argument("--limit", type=int, help="at most so many files of a family")
    parser.add_argument("--seconds", type=float, default=60, help="time for one file")
    asked = parser.parse_args(arguments)
    found = families(asked.folder)
    wanted = tuple(asked.family or [""])
    files = [
        (family, path)
        for family, paths in found.items()
        if family.startswith(wanted)
        for path in islice(paths, asked.limit)
    ]
    if not files:
        print(f"{asked.folder}: no file of a format that is loaded", file=sys.stderr)
        return 2
    outcomes = run(files, seconds=asked.seconds, tell=sys.stderr.isatty())
    if asked.json:
        by_family = {f: figures([o for o in outcomes if o.family == f]) for f in sorted({o.family for o in outcomes})}
        print(json.dumps({"families": by_family, "all": figures(outcomes), "files": [asdict(o) for o in outcomes]}))
    else:
        show(outcomes, Console(width=None if sys.stdout.isatty() else 160))
    return int(any(map(is_fault, outcomes)))


if __name__ == "__main__":
    sys.exit(main())
