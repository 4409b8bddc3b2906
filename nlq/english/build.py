"""Makes ``wordnet.tsv.gz`` from the database files of WordNet 3.0: python -m nlq.english.build FOLDER.

Debian's package wordnet-base has the files (/usr/share/wordnet). The formats are those of WordNet's manual, wndb(5WN)
and senseidx(5WN). A line of the table: a word, the words it is an irregular form of, those it is derived from or to,
and its synonyms, all in small letters and single words. Common words have a line even if there is nothing beside them.

Belongs here: choosing what is taken from WordNet. Does not belong here: reading the table (``words``).
"""

from __future__ import annotations

import argparse
import gzip
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from nlq.english.words import TABLE

PARTS = ("noun", "verb", "adj", "adv")
_BY_LETTER = {"n": "noun", "v": "verb", "a": "adj", "s": "adj", "r": "adv"}
_DERIVED = {"+", "\\"}
_WORD = re.compile(r"^[a-z]{3,}$")
_LOCATION = "15"
"""The lexicographer's file of places."""
_FAMILY_SENSES, _SYNONYM_SENSES = 5, 2
"""Up to which of its senses a word counts: rare ones ("order" as enjoin) mislead more than they help."""
Synset = tuple[str, int]
Pairs = dict[str, set[str]]


class WordNet:
    """The parts of WordNet that the table is made of."""

    def __init__(self, folder: Path) -> None:
        """Read the database files of a folder."""
        self._folder = folder
        self._senses = {(word, part): ids for part in PARTS for word, ids in self._index(part)}
        self._words: dict[Synset, list[str]] = {}
        """All words of each synset, in order, phrases too: pointers count them."""
        self._plain: set[str] = set()
        """Single words that some synset has in small letters: no names."""
        self._places: list[Synset] = []
        self._pointers: list[tuple[Synset, int, Synset, int]] = []
        for part in PARTS:
            for fields in self._lines(f"data.{part}"):
                self._read_synset(part, fields)
        self._common = {line.split("%")[0] for line in self._text("cntlist.rev").splitlines()}

    def common(self) -> set[str]:
        """Words that are frequent enough to have been counted in texts; no names."""
        return self._plain & self._common

    def families(self) -> Pairs:
        """Words that one is derived from the other: complain, complaint."""
        found: Pairs = defaultdict(set)
        for here, i, there, j in self._pointers:
            for a in self._at(here, i):
                for b in self._at(there, j):
                    near = self._is_sense(a, here, _FAMILY_SENSES) and self._is_sense(b, there, _FAMILY_SENSES)
                    if near and a != b and {a, b} & self._common:
                        found[a].add(b)
                        found[b].add(a)
        return found

    def synonyms(self) -> Pairs:
        """Common words that mean the same in a sense frequent for both."""
        found: Pairs = defaultdict(set)
        for synset, words in self._words.items():
            usual = [w for w in words if _WORD.match(w) and self._is_usual(w, synset)]
            for a in usual:
                found[a].update(b for b in usual if a != b)
        return found

    def irregular(self) -> Pairs:
        """Irregular forms and what they are forms of: spent, spend."""
        found: Pairs = defaultdict(set)
        for part in PARTS[:3]:
            for form, *bases in (line.split() for line in self._text(f"{part}.exc").splitlines()):
                found[form].update(base for base in bases if base in self._common and _WORD.match(base))
        return {form: bases - {form} for form, bases in found.items() if _WORD.match(form)}

    def places(self) -> list[tuple[list[str], list[str]]]:
        """What each place is called, and the adjectives that belong to it: brazil, brazilian."""
        adjectives: dict[Synset, list[str]] = defaultdict(list)
        for here, i, there, _ in self._pointers:
            if here[0] == "adj":
                adjectives[there] += self._at(here, i)
        return [([w.replace("_", " ") for w in self._words[place]], adjectives[place]) for place in self._places]

    def _text(self, name: str) -> str:
        return (self._folder / name).read_text(encoding="utf-8")

    def _lines(self, name: str) -> Iterator[list[str]]:
        """The fields of each line; the licence at the top starts with blanks."""
        return (line.split(" | ")[0].split() for line in self._text(name).splitlines() if not line.startswith(" "))

    def _index(self, part: str) -> Iterator[tuple[str, list[int]]]:
        for fields in self._lines(f"index.{part}"):
            yield fields[0], [int(at) for at in fields[-int(fields[2]) :]]

    def _read_synset(self, part: str, fields: list[str]) -> None:
        count = int(fields[3], 16)
        spelled = [re.sub(r"\(.*\)", "", fields[4 + 2 * n]) for n in range(count)]
        synset = part, int(fields[0])
        self._words[synset] = [word.lower() for word in spelled]
        self._plain.update(filter(_WORD.match, spelled))
        if fields[1] == _LOCATION and part == "noun":
            self._places.append(synset)
        at = 4 + 2 * count
        for n in range(int(fields[at])):
            symbol, other, letter, ends = fields[at + 1 + 4 * n : at + 5 + 4 * n]
            if symbol in _DERIVED:
                there = _BY_LETTER[letter], int(other)
                self._pointers.append((synset, int(ends[:2], 16), there, int(ends[2:], 16)))

    def _at(self, synset: Synset, number: int) -> list[str]:
        """The word of a synset that a pointer is from or to; all of them where it is of the whole synset."""
        words = self._words[synset]
        return [word for word in (words[number - 1 : number] if number else words) if _WORD.match(word)]

    def _is_usual(self, word: str, synset: Synset) -> bool:
        return word in self._common and self._is_sense(word, synset, _SYNONYM_SENSES)

    def _is_sense(self, word: str, synset: Synset, among: int) -> bool:
        return synset[1] in self._senses.get((word, synset[0]), [])[:among]


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the files of WordNet are, e.g. /usr/share/wordnet")
    try:
        wordnet = WordNet(parser.parse_args().folder)
    except OSError as error:
        parser.error(f"the folder lacks a database file of WordNet: {error}; Debian's package wordnet-base has them")
    common, columns = wordnet.common(), (wordnet.irregular(), wordnet.families(), wordnet.synonyms())
    lines = []
    for word in sorted(common.union(*columns)):
        cells = [" ".join(sorted(column.get(word, ()))) for column in columns]
        if word in common or any(cells):
            lines.append("\t".join([word, *cells]))
    TABLE.write_bytes(gzip.compress("\n".join(lines).encode(), 9, mtime=0))


if __name__ == "__main__":
    main()
