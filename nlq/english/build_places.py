"""Makes ``places.tsv.gz`` from CLDR and WordNet: python -m nlq.english.build_places CLDR WORDNET.

CLDR is a folder with the npm packages cldr-core, cldr-localenames-full and cldr-subdivisions-full; WORDNET as for
``build``. A line of the table: the kind (country, or the country whose state or province it is), its codes of ISO 3166,
its names in English and, of WordNet, the adjectives that belong to it.

Belongs here: choosing what is taken from both. Does not belong here: reading the table (``places``).
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from nlq.core.spelling import plain_form
from nlq.english.build import WordNet
from nlq.english.places import COUNTRY, TABLE
from nlq.english.tokens import set_of

_LONG_ENOUGH = 4
"""Shorter names of WordNet are abbreviations, which the codes have."""
_ODD = re.compile(r"^the |\.")
"""Names with an article, without which they stand as well, and abbreviations."""
_STATES = set_of(
    "al ak az ar ca co ct de fl ga hi id il in ia ks ky la me md ma mi mn ms mo mt ne nv nh nj nm ny nc nd oh ok or pa "
    "ri sc sd tn tx ut vt va wa wv wi wy"
)
"""How WordNet abbreviates the states of the USA."""
Line = tuple[str, list[str], list[str], list[str]]


class Gazetteer:
    """The places of CLDR, with what else WordNet calls them."""

    def __init__(self, cldr: Path, wordnet: WordNet) -> None:
        """Read the names and codes."""
        names = _read(cldr / "cldr-localenames-full/main/en/territories.json")["main"]["en"]["localeDisplayNames"]
        divisions = _read(cldr / "cldr-subdivisions-full/subdivisions/en/en.json")["subdivisions"]
        supplement = _read(cldr / "cldr-core/supplemental/codeMappings.json")["supplemental"]
        aliases = _read(cldr / "cldr-core/supplemental/aliases.json")["supplemental"]["metadata"]["alias"]
        self._territories: dict[str, str] = names["territories"]
        self._divisions: dict[str, str] = divisions["localeDisplayNames"]["subdivisions"]
        self._codes: dict[str, dict[str, str]] = supplement["codeMappings"]
        self._aliases: dict[str, dict[str, str]] = aliases["territoryAlias"]
        self._places = wordnet.places()

    def lines(self) -> Iterator[Line]:
        """A line for each country, then for each of its parts."""
        for code in sorted(self._territories):
            if len(code) == len("US") and "_alpha3" in self._codes.get(code, {}):
                yield self._country(code)
        yield from (self._part(key, name) for key, name in sorted(self._divisions.items()) if key.islower())

    def _part(self, key: str, name: str) -> Line:
        kind, code = key[:2], key[2:]
        return kind, [code.upper()], *self._called([name], lambda said: kind == "us" and code in said)

    def _country(self, code: str) -> Line:
        other = [old for old, new in self._aliases.items() if new["_replacement"] == code and len(old) == len(code)]
        codes = [code, self._codes[code]["_alpha3"], self._codes[code].get("_numeric", ""), *sorted(other)]
        spelled = {key: name for key, name in self._territories.items() if key.split("-alt-")[0] == code}
        return COUNTRY, [one for one in codes if one], *self._called([spelled[code], *spelled.values()], _is_no_state)

    def _called(self, names: list[str], fits: Callable[[list[str]], bool]) -> tuple[list[str], list[str]]:
        """The names with those of WordNet, where what it calls so fits, and the adjectives."""
        known = {plain_form(name) for name in names}
        found = [place for place in self._places if known & set(place[0]) and fits(place[0])]
        found = [place for place in found if place[0][0] in known] or found
        known |= {name for said, _ in found for name in said if len(name) >= _LONG_ENOUGH}
        found += [place for place in self._places if place[0][0] in known and fits(place[0]) and place not in found]
        also = [name for said, _ in found for name in said if len(name) >= _LONG_ENOUGH and not _ODD.search(name)]
        return _once([*names, *also]), _once(adjective for _, belonging in found for adjective in belonging)


def _is_no_state(said: list[str]) -> bool:
    return not _STATES & set(said)


def _once(names: Iterable[str]) -> list[str]:
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(plain_form(name), name)
    return list(found.values())


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cldr", type=Path, help="a folder with the npm packages cldr-core, cldr-localenames-full, …")
    parser.add_argument("wordnet", type=Path, help="where the files of WordNet are, e.g. /usr/share/wordnet")
    given = parser.parse_args()
    try:
        lines = [
            (kind, *map("|".join, cells)) for kind, *cells in Gazetteer(given.cldr, WordNet(given.wordnet)).lines()
        ]
    except OSError as error:
        parser.error(f"a file is not there: {error}; see --help for where each comes from")
    TABLE.write_bytes(gzip.compress("\n".join(map("\t".join, lines)).encode(), 9, mtime=0))


if __name__ == "__main__":
    main()
