"""What `asklake search` finds, what it refuses, and what that costs: over what is described, and a public set.

Belongs here: the sets, the ways of searching that are compared, the costs. Does not belong here: searching.

Of the queries of the first two sets half are what people call the project's own metrics
(`tests/questions/paraphrases`), half are real ones of BANKING77 (PolyAI, CC BY 4.0), which are to find another wording
of the same wish. What should find nothing are questions of CLINC150 that fit none of its subjects (CC BY 3.0). Two more
sets have questions that people wrote about texts: those of XQuAD in English about paragraphs of Wikipedia (CC BY-SA
4.0), and those that health authorities answer about COVID-19, collected by deepset, each of which is to find its
answer. All are fetched to where `ASKLAKE_BENCH_SETS` names a folder with `banking77_train.csv`, `banking77_test.csv`,
`clinc150.json`, `xquad.en.json` (github:google-deepmind/xquad) and `faq_covidbert.csv` (github:deepset-ai/COVID-QA); a
set whose file is not there is left out.
"""

from __future__ import annotations

import csv
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from bench.measure import Contender, Result, compare, in_own_process
from lakehouse_assets.contracts import platform_contracts
from lakehouse_assets.lakehouse.dbt import manifest
from lakehouse_assets.search import meaning
from lakehouse_assets.search.gathering.described import of_catalog, of_dashboards, of_dictionary
from lakehouse_assets.search.gathering.documents import cut
from lakehouse_assets.search.gathering.elsewhere import of_elsewhere
from lakehouse_assets.search.index import Index, Near, nearness_elsewhere, search
from lakehouse_assets.search.model import ELSEWHERE, OPERATORS, SHARED, Kind, Passage
from lakehouse_assets.search.store import Store
from lakehouse_assets.settings import Settings
from semantic.layer import SemanticLayer

QUERIES, OF_EACH, FIRST = 50, 4, 5
"""Queries of a set; wordings of a wish that are indexed; places within which a passage has to be."""
PASSAGES = 100_000
_PARAPHRASED = ("telegram", "clause", "synonyms")
_ROOT = Path(__file__).resolve().parent.parent
Query = tuple[str, str]
"""The words, and the key of what they should find."""


def sets() -> Path | None:
    """The folder of the public sets, if there is one."""
    named = os.environ.get("ASKLAKE_BENCH_SETS")
    return Path(named) if named else None


def searching(folder: Path, repeat: int, scale: float) -> Iterator[Result]:
    """Recall beside each ranking alone, what is refused, and the cost of a search among 100,000 passages."""
    result = compare(
        "search_recall", [Contender("asklake", recall, (scale,))], repeat=1,
        aim="recall@5 above that of words alone and of meaning alone; little is found for what is about nothing here",
    )  # fmt: skip
    yield result
    count = int(PASSAGES * scale)
    made = in_own_process(make_many, str(folder), count)
    cost = compare(
        "search_100k", [Contender("asklake", one_search, (str(folder), count))], repeat=repeat,
        aim="at most 100 ms of one core at 100,000 passages",
    )  # fmt: skip
    cost.notes.append(f"the time is the median CPU time of a search; {made.extra}")
    yield cost


def recall(scale: float) -> tuple[float, dict[str, Any]]:
    """Recall of the project's own metrics and of the public set, by words, by meaning and by both."""
    began, facts = time.process_time(), {}
    random_ = random.Random(7)
    own, asked = described(), named_otherwise(random_)
    facts["metrics"] = _measured([*own, *of_elsewhere()], asked[: int(QUERIES * scale)], Kind.METRIC)
    folder = sets()
    for name, (file, read, most) in _PUBLIC.items():
        if folder and (folder / file).exists():
            passages, wanted = read(folder, random_)
            facts[name] = _measured([*passages, *of_elsewhere()], wanted[: int(most * scale)], Kind.DOCUMENT)
    return time.process_time() - began, facts


def described() -> list[Passage]:
    """All that is described of the project."""
    settings = Settings()
    manifest.ensure(settings)
    found = [*of_catalog(SemanticLayer(settings).catalog()), *of_dictionary(platform_contracts()), *of_dashboards({})]
    return found if os.environ.get("ASKLAKE_BENCH_WHOLE") else [one for one in found if one.kind is not Kind.COLUMN]


def named_otherwise(random_: random.Random) -> list[Query]:
    """What people ask for in other words, with the one metric that each of them means."""
    found = []
    for file in sorted((_ROOT / "tests" / "questions" / "paraphrases").glob("*.yml")):
        asked = yaml.safe_load((file.parent.parent / file.name).read_text())["questions"]
        plans = {one["ask"]: one.get("plan") or {} for one in asked}
        for entry in yaml.safe_load(file.read_text()):
            metrics = plans.get(entry["of"], {}).get("metrics", [])
            if len(metrics) == 1:
                found += [(entry[habit], metrics[0]) for habit in _PARAPHRASED if habit in entry]
    return random_.sample(found, len(found))


def banking(folder: Path, random_: random.Random) -> tuple[list[Passage], list[Query]]:
    """Some wordings of each of 77 wishes as passages, and other wordings as queries."""
    by_wish: dict[str, list[str]] = {}
    for row in csv.DictReader((folder / "banking77_train.csv").open(encoding="utf-8")):
        by_wish.setdefault(row["category"], []).append(row["text"])
    passages = [
        Passage(SHARED, Kind.DOCUMENT, "", text, f"{wish}\n{number}", {"wish": wish})
        for wish, texts in sorted(by_wish.items())
        for number, text in enumerate(texts[:OF_EACH])
    ]
    asked = list(csv.DictReader((folder / "banking77_test.csv").open(encoding="utf-8")))
    return passages, [(row["text"], row["category"]) for row in random_.sample(asked, len(asked))]


def xquad(folder: Path, random_: random.Random) -> tuple[list[Passage], list[Query]]:
    """Paragraphs, and the questions that were written about each."""
    texts, asked = list[str](), list[Query]()
    for article in json.loads((folder / "xquad.en.json").read_text(encoding="utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            asked += [(one["question"], str(len(texts))) for one in paragraph["qas"]]
            texts.append(paragraph["context"])
    return _cut(texts), random_.sample(asked, len(asked))


def frequently_asked(folder: Path, random_: random.Random) -> tuple[list[Passage], list[Query]]:
    """Answers to questions that are asked often, and these questions; of one that stands there twice, the first."""
    rows = list(csv.DictReader((folder / "faq_covidbert.csv").open(encoding="utf-8")))
    answers = {row["question"].strip(): row["answer"] for row in reversed(rows) if row["answer"].strip()}
    asked = [(question, str(number)) for number, question in enumerate(answers)]
    return _cut(list(answers.values())), random_.sample(asked, len(asked))


def _cut(texts: Sequence[str]) -> list[Passage]:
    """Texts as the index cuts documents; each part stands for its text."""
    return [
        Passage(SHARED, Kind.DOCUMENT, "", part, f"{number}\n{at}", {"wish": str(number)})
        for number, text in enumerate(texts)
        for at, part in enumerate(cut(text))
    ]


_PUBLIC: dict[str, tuple[str, Callable[[Path, random.Random], tuple[list[Passage], list[Query]]], int]] = {
    "banking77": ("banking77_test.csv", banking, QUERIES),
    "xquad": ("xquad.en.json", xquad, 1_200),
    "covid_faq": ("faq_covidbert.csv", frequently_asked, 1_200),
}
"""Of each public set a file, what reads it, and how many queries are asked."""


def _measured(passages: Sequence[Passage], asked: Sequence[Query], kind: Kind) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as place:
        store = Store(f"sqlite:///{place}/search.db")
        store.replace("set", "1", passages)
        began, read = time.process_time(), 0
        while waiting := store.without_vector(256):
            vectors = meaning.of_passages([(one.title, one.text) for one in waiting])
            store.give_vectors({one.vector_key: v for one, v in zip(waiting, vectors, strict=True)})
            read += len(waiting)
        facts: dict[str, Any] = {
            "passages": len(passages),
            "read_per_cpu_s": round(read / (time.process_time() - began), 1),
        }
        find = _finder(store, kind)
        for name in ("words", "meaning", "both"):
            facts[f"recall@{FIRST}_{name}"] = round(
                statistics.mean(wanted in find(query, name)[:FIRST] for query, wanted in asked), 3
            )
        facts["found_nothing"] = round(statistics.mean(not find(query, "both") for query, _ in asked), 3)
        if (folder := sets()) and (folder / "clinc150.json").exists():
            strange = [text for text, _ in json.loads((folder / "clinc150.json").read_text())["oos_test"]]
            strange = random.Random(3).sample(strange, 100)
            facts["refused_of_unrelated"] = round(statistics.mean(not find(query, "both") for query in strange), 3)
        facts["queries"] = len(asked)
        store.close()
        return facts


def _finder(store: Store, kind: Kind) -> Callable[[str, str], list[str]]:
    """What a way of searching finds, by key; of one ranking alone nothing is refused."""
    namespaces = Index(store).opened([SHARED, ELSEWHERE])
    elsewhere = namespaces.pop(ELSEWHERE)
    words_alone = Near.WORDS_ALONE

    def find(query: str, way: str) -> list[str]:
        asked = meaning.of_query(query)
        words = "" if way == "meaning" else query
        off = nearness_elsewhere(elsewhere, asked) if way == "both" else -1.0
        Near.WORDS_ALONE = 0.0 if way == "words" else words_alone
        found, *_ = search(namespaces, words, None if way == "words" else asked, lambda _: True, [kind], FIRST, off)
        shown = store.shown(SHARED, [one.number for one in found])
        return [str(shown[one.number].source.get("metric") or shown[one.number].source["wish"]) for one in found]

    return find


def make_many(folder: str, count: int) -> tuple[float, dict[str, Any]]:
    """An index of so many texts; their vectors are drawn, for what a search costs is the same for any."""
    began = time.process_time()
    words = (
        "street",
        "lamp",
        "road",
        "water",
        "drain",
        "bin",
        "dog",
        "noise",
        "park",
        "school",
        "order",
        "late",
        "lost",
    )
    random_ = random.Random(1)
    texts = (" ".join(random_.choices(words, k=15)) for _ in range(count))
    passages = [
        Passage(OPERATORS, Kind.DOCUMENT, "", f"{text} {number}", str(number), {"table": "silver.notes", "key": {}})
        for number, text in enumerate(texts)
    ]
    store = Store(f"sqlite:///{folder}/search.db")
    store.replace("many", "1", passages)
    drawn = np.random.default_rng(1)
    while waiting := store.without_vector(5_000):
        store.give_vectors({one.vector_key: meaning.packed(drawn.normal(size=meaning.SIZE)) for one in waiting})
    store.close()
    return time.process_time() - began, {"indexing_cpu_s": round(time.process_time() - began, 1)}


def one_search(folder: str, count: int) -> tuple[float, dict[str, Any]]:
    """Median CPU seconds of a search, and of reading the index into memory first."""
    store = Store(f"sqlite:///{folder}/search.db")
    index, began = Index(store), time.process_time()
    namespaces = index.opened([OPERATORS])
    held, taken = time.process_time() - began, []
    queries = (
        "street lamp broken at night",
        "refund of a lost order",
        "noise of dogs in the park",
        "water in the road",
    ) * 5
    meaning.of_query("warm")
    for query in queries:
        began = time.process_time()
        namespaces = index.opened([OPERATORS])
        found, could, _ = search(namespaces, query, meaning.of_query(query), lambda _: True)
        store.shown(OPERATORS, [one.number for one in found])
        taken.append(time.process_time() - began)
        assert could == count
    store.close()
    return statistics.median(taken), {"p95_s": round(sorted(taken)[-2], 4), "held_cpu_s": round(held, 2)}
