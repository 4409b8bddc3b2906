"""Where a sample has its records: lines around them, headers, names, and what a draft asks instead of guessing."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from lakehouse_assets.drafting.design import design
from lakehouse_assets.drafting.samples.sampling import Sample, read_sample
from lakehouse_assets.drafting.writing import rendered
from lakehouse_assets.ingest.errors import SourceError
from lakehouse_assets.ingest.mapping.targets import refuse_undecided
from lakehouse_assets.ingest.sources import read_sources

ROWS = "A,1.5,2026-05-01\nB,2.5,2026-05-02\nC,3.5,2026-05-03\n"
HEADED = f"name,cost,day\n{ROWS}"
TWO_LINES = "Person,Costs,,Day\n,net,gross,\nA,1,2,2026-05-01\nB,2,3,2026-05-02\n"


def read(folder: Path, text: str | bytes) -> Sample:
    path = folder / "sample.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_sample(str(path))


@pytest.mark.parametrize(
    ("text", "stated", "records"),
    [
        (HEADED, {}, 3),
        (f"Costs of May,,\n,,\n{HEADED}", {"skip_lines": 2}, 3),
        (f"Costs of May\n\nmade by: x; y\n{HEADED}", {"skip_lines": 3}, 3),
        (f"# source: x\n# licence: y\n{HEADED}", {"skip_lines": 2}, 3),
        (HEADED.replace(",", "|"), {"delimiter": "|"}, 3),
        (HEADED.replace(",", ";").replace(".5", ",5"), {"delimiter": ";"}, 3),
        ("name,cost\n'a,b',1\n'c,d',2\n'e',3\n", {"quote": "'"}, 3),
        (TWO_LINES, {"header": False, "skip_lines": 2, "names": ["Person", "Costs net", "Costs gross", "Day"]}, 2),
        ("n,x,x,\na,1,2,3\nb,2,3,4\n", {"names": ["n", "x", "x_2", "c4"]}, 2),
        ("n,x\na,1,\nb,2,\n", {"header": False, "skip_lines": 1, "names": ["n", "x", "c3"]}, 2),
        ("n,x,\na,1\nb,2\n", {"header": False, "skip_lines": 1, "names": ["n", "x"]}, 2),
        ("name,cost\nA,\nB,\nC,3\nD,4\n", {}, 4),
        ("\r".join(["Costs", *HEADED.splitlines()]), {"skip_lines": 1}, 3),
    ],
)  # fmt: skip
def test_records_are_found_between_other_lines(
    tmp_path: Path, text: str, stated: dict[str, object], records: int
) -> None:
    found = read(tmp_path, text)
    assert (found.stated, found.texts.num_rows, found.questions) == (stated, records, ())


@pytest.mark.parametrize(
    ("text", "option", "records"),
    [
        (ROWS, "names: no header", 3),
        ("Ann,Lee\nBob,Ray\n", "header and names", 1),
        (f"{HEADED}Total,7.5,\n", "skip_last_lines", 3),
        (f"{HEADED},,\nSource: the town,,\n", "skip_last_lines", 3),
        (f"{HEADED}{ROWS},,\nCosts of June,,\n{HEADED}{ROWS}", "second table", 15),
        ("n,x,y,z\na,1,2\nb,2,3\n", "names: the header on line 1 has 4 fields, the records have 3", 2),
        ("n,x\na,1,2\nb,2,3\n", "names: the header on line 1 has 2 fields, the records have 3", 2),
        ("A,B\n2026-05-01,1,2\n2026-05-02,2,3,4,5\n2026-05-03,2,3,4,5\nTotal,4,6,8\n", "skip_lines: whether", 2),
        ("who,when,how\nnobody,never,no way\nA,2026-05-01,1\nB,2026-05-02,2\n", "skip_lines: which of lines 1 to 2", 2),
        ("n,city\n1,Plzeň\n2,Čáslav\n3,Říčany\n".encode("cp1250"), "encoding", 3),
        ("n,paid\n1,£5\n2,£7\n".encode("cp850"), "encoding", 2),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_asked(tmp_path: Path, text: str | bytes, option: str, records: int) -> None:
    found = read(tmp_path, text)
    assert any(option in question for question in found.questions), found.questions
    assert found.texts.num_rows == records


def test_western_letters_need_no_question(tmp_path: Path) -> None:
    text = "n,Straße\n1,Köln\n2,Düsseldorf\n3,Nürnberg\n"
    found = read(tmp_path, text.encode("cp1252"))
    assert (found.encoding, found.questions, found.fields) == ("cp1252", (), ("n", "Straße"))
    damaged = read(tmp_path, text.encode() + b"4,caf\xe9\n")
    assert (damaged.encoding, damaged.questions, damaged.texts.num_rows) == ("utf-8", (), 3)


def test_the_end_of_a_long_file_is_looked_at(tmp_path: Path) -> None:
    rows = "".join(f"name {i},{i},2026-05-01\n" for i in range(300_000))
    found = read(tmp_path, f"name,cost,day\n{rows}Total,9,\n")
    assert found.stated == {"skip_last_lines": 1}
    assert "after line 300001 " in found.questions[0]


def test_a_draft_loads_nothing_until_its_questions_are_answered(tmp_path: Path) -> None:
    (tmp_path / "costs.csv").write_text(f"Costs\n{ROWS}Total,7.5,\n")
    files = rendered(design("drafted", [str(tmp_path / "costs.csv")]))
    text = files["lakehouse_assets/domains/drafted/sources.yml"].replace("tenant: undecided", "tenant: a")
    assert "# In costs.csv: line 1 before the records: 'Costs'" in text
    path = tmp_path / "sources.yml"
    path.write_text(text)
    (source,) = read_sources(path)
    assert source.csv_layout.skip_lines == 1 and source.names == ["c1", "c2", "c3"] and not source.header
    line = next(i for i, said in enumerate(text.splitlines(), 1) if "undecided:" in said)
    with pytest.raises(
        SourceError, match=rf"(?s)line {line}: field 'undecided'.*- names: no header.*- skip_last_lines"
    ):
        refuse_undecided(source, "a")
    decided = yaml.safe_load(text)
    del decided["sources"][0]["undecided"]
    path.write_text(yaml.safe_dump(decided))
    refuse_undecided(read_sources(path)[0], None)
