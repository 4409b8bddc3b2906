"""What is taken from CLDR and WordNet, on small ones in their own formats."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from nlq.english import build_places

TERRITORIES = {"NL": "Netherlands", "CZ": "Czechia", "CZ-alt-variant": "Czech Republic", "EU": "European Union"}
PACKAGES = {
    "cldr-localenames-full/main/en/territories.json": {
        "main": {"en": {"localeDisplayNames": {"territories": TERRITORIES}}}
    },
    "cldr-subdivisions-full/subdivisions/en/en.json": {
        "subdivisions": {
            "localeDisplayNames": {"subdivisions": {"usil": "Illinois", "nlut": "Utrecht", "CZ": "Czechia"}}
        }
    },
    "cldr-core/supplemental/codeMappings.json": {
        "supplemental": {
            "codeMappings": {"NL": {"_alpha3": "NLD", "_numeric": "528"}, "CZ": {"_alpha3": "CZE", "_numeric": "203"}}
        }
    },
    "cldr-core/supplemental/aliases.json": {
        "supplemental": {"metadata": {"alias": {"territoryAlias": {"CS": {"_replacement": "CZ"}}}}}
    },
}
NOUNS = """\
00000103 15 n 03 Illinois 0 Land_of_Lincoln 0 IL 0 000 | a midwestern state
00000104 15 n 04 Netherlands 0 The_Netherlands 0 Holland 0 N.L. 0 000 | a kingdom
00000105 15 n 02 Utrecht 0 capital_of_nothing 0 000 | a city, no province
"""
ADJECTIVES = "00000301 01 a 01 Dutch 0 001 \\ 00000104 n 0101 | of the Netherlands\n"
LINES = [
    "country\tCZ|CZE|203|CS\tCzechia|Czech Republic\t",
    "country\tNL|NLD|528\tNetherlands|holland\tdutch",
    "nl\tUT\tUtrecht\t",
    "us\tIL\tIllinois|land of lincoln\t",
]


@pytest.fixture
def sources(tmp_path: Path) -> list[str]:
    for name, data in PACKAGES.items():
        path = tmp_path / "cldr" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(data), encoding="utf-8")
    wordnet = tmp_path / "wordnet"
    wordnet.mkdir()
    for part in ("noun", "verb", "adj", "adv"):
        (wordnet / f"index.{part}").write_text("", encoding="utf-8")
        (wordnet / f"data.{part}").write_text({"noun": NOUNS, "adj": ADJECTIVES}.get(part, ""), encoding="utf-8")
    (wordnet / "cntlist.rev").write_text("", encoding="utf-8")
    return [str(tmp_path / "cldr"), str(wordnet)]


def test_the_table_has_countries_and_their_parts(
    sources: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "table.tsv.gz"
    monkeypatch.setattr(build_places, "TABLE", table)
    monkeypatch.setattr("sys.argv", ["build_places", *sources])
    build_places.main()
    assert gzip.decompress(table.read_bytes()).decode().split("\n") == LINES


def test_folders_without_the_files_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["build_places", str(tmp_path), str(tmp_path)])
    with pytest.raises(SystemExit):
        build_places.main()
    assert "a file is not there" in capsys.readouterr().err
