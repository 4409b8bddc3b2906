"""What is taken from WordNet, on a small one in WordNet's own format (wndb(5WN), senseidx(5WN))."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from nlq.english import build
from nlq.english.build import WordNet

LICENCE = "  1 This software and database is being provided to you, the LICENSEE, by  \n"
FILES = {
    # offset, file, part, number of words (hexadecimal), words, number of pointers, pointers | gloss
    "data.noun": """\
00000101 10 n 02 complaint 0 ailment 0 001 + 00000201 v 0101 | an often persistent disorder
00000102 10 n 03 movie 0 film 0 motion_picture 0 000 | a form of entertainment
00000103 15 n 02 Illinois 0 Land_of_Lincoln 0 001 + 00000106 n 0101 | a midwestern state
00000104 04 n 01 sale 0 000 | a particular instance of selling
00000105 13 n 0b big_fish 0 a 0 b 0 c 0 d 0 e 0 f 0 g 0 h 0 i 0 seller 0 002 + 00000203 v 0b01 + 00000203 v 0b02 | many
00000106 18 n 01 Illinoisan 0 001 + 00000103 n 0101 | one of Illinois
00000107 18 n 01 foot 0 000 | a part of the leg
""",
    "data.verb": """\
00000201 32 v 02 complain 0 kick 0 001 + 00000101 n 0101 02 + 02 00 + 26 00 | express complaints
00000202 38 v 01 kick 0 000 01 + 08 00 | strike with the foot
00000203 40 v 02 sell 0 trade 0 001 + 00000105 n 010b 01 + 08 00 | exchange for money
00000204 40 v 02 spend 0 drop 0 000 01 + 08 00 | pay out
""",
    "data.adj": """\
00000301 00 a 02 quick(p) 0 fast 0 000 | at rest
00000302 00 s 02 plain 0 unpatterned 0 001 + 00000201 v 0000 | of all words of both
""",
    "data.adv": "00000401 02 r 01 quickly 0 001 \\ 00000301 a 0101 | with rapid movements\n",
    # word, part, number of synsets, number of pointers, pointers, senses, tagged senses, synsets by frequency
    "index.noun": """\
ailment n 1 1 + 1 0 00000101
complaint n 1 1 + 1 1 00000101
film n 1 0 1 1 00000102
foot n 1 0 1 1 00000107
illinois n 1 1 + 1 1 00000103
illinoisan n 1 1 + 1 1 00000106
movie n 1 0 1 1 00000102
sale n 1 0 1 1 00000104
seller n 1 1 + 1 0 00000105
""",
    "index.verb": """\
complain v 1 1 + 1 1 00000201
drop v 3 0 3 1 00000211 00000212 00000204
kick v 2 1 + 2 1 00000202 00000201
sell v 5 1 + 5 1 00000211 00000212 00000213 00000214 00000203
spend v 1 0 1 1 00000204
trade v 6 1 + 6 1 00000211 00000212 00000213 00000214 00000215 00000203
""",
    "index.adj": "fast a 1 0 1 1 00000301\nplain a 1 1 + 1 1 00000302\nquick a 1 0 1 1 00000301\n",
    "index.adv": "quickly r 1 1 \\ 1 1 00000401\n",
    "noun.exc": "feet foot\naardwolves aardwolf\n",
    "verb.exc": "spent spend\nwent go\n",
    "adj.exc": "faster fast\nfast fast\n",
    "cntlist.rev": "".join(
        f"{word}%1:10:00:: 1 2\n"
        for word in (
            *("complaint", "movie", "film", "illinois", "illinoisan", "sale", "foot", "complain", "kick", "sell", "go"),
            *("spend", "drop", "trade", "plain", "quick", "fast", "quickly"),
        )
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        licence = LICENCE if name.startswith(("data", "index")) else ""
        (tmp_path / name).write_text(licence + text, encoding="utf-8")
    return tmp_path


def test_families_follow_derivations_both_ways(folder: Path) -> None:
    families = WordNet(folder).families()
    assert families["complaint"] == {"complain"}
    assert families["quick"] == {"quickly"} and families["quickly"] == {"quick"}, "the marker of a position is no word"


def test_a_pointer_counts_words_in_hexadecimal_and_phrases_too(folder: Path) -> None:
    assert WordNet(folder).families()["seller"] == {"sell"}, "to trade in its sixth sense is too rare"


def test_a_pointer_of_whole_synsets_is_of_all_their_words(folder: Path) -> None:
    families = WordNet(folder).families()
    assert families["plain"] == {"complain", "kick"}
    assert families["complain"] == {"complaint", "plain"}


def test_synonyms_are_common_words_in_a_frequent_sense_of_each(folder: Path) -> None:
    synonyms = WordNet(folder).synonyms()
    assert synonyms["movie"] == {"film"} and synonyms["film"] == {"movie"}
    assert not synonyms["complaint"], "ailment is not common"
    assert not synonyms["spend"], "to drop money is its third sense"


def test_irregular_forms_are_of_common_single_words(folder: Path) -> None:
    irregular = WordNet(folder).irregular()
    assert {form: bases for form, bases in irregular.items() if bases} == {
        "feet": {"foot"},
        "spent": {"spend"},
        "faster": {"fast"},
    }


def test_common_words_are_no_names(folder: Path) -> None:
    common = WordNet(folder).common()
    assert {"sale", "complaint"} <= common
    assert not {"illinois", "ailment", "go"} & common


def test_the_table_has_a_line_for_each_word_and_is_the_same_each_time(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "table.tsv.gz"
    monkeypatch.setattr(build, "TABLE", table)
    monkeypatch.setattr("sys.argv", ["build", str(folder)])
    build.main()
    first = table.read_bytes()
    build.main()
    assert table.read_bytes() == first
    lines = gzip.decompress(first).decode().splitlines()
    assert {"sale\t\t\t", "spent\tspend\t\t", "movie\t\t\tfilm", "quick\t\tquickly\tfast"} <= set(lines)
    assert not any(line.startswith(("went", "aardwolves", "unpatterned")) for line in lines)


def test_a_folder_without_the_files_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["build", str(tmp_path)])
    with pytest.raises(SystemExit):
        build.main()
    assert "wordnet-base" in capsys.readouterr().err
