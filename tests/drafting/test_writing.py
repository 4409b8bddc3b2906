"""Drafts of all sorts of files: what is written loads, agrees with itself, and takes the file it was made from."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from lakehouse_assets.checking.askability import check_askability, scores
from lakehouse_assets.checking.findings import UNDECIDED
from lakehouse_assets.checking.project import Project
from lakehouse_assets.drafting.design import design
from lakehouse_assets.drafting.writing import DraftExistsError, rendered, write
from lakehouse_assets.ingest.errors import SourceError
from lakehouse_assets.ingest.loads.staging import check_mapping
from lakehouse_assets.ingest.mapping.statements import RecordMapping
from lakehouse_assets.ingest.mapping.targets import refuse_undecided
from lakehouse_assets.ingest.sources import read_sources
from lakehouse_assets.ingest.values.conversion import value
from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.engines.instances import open_instance
from lakehouse_assets.settings.lake import PROJECT_ROOT

LONG = "a_name_that_goes_on_and_on_and_on_for_ever"
MIXED = (
    "nr;tag;gebucht;betrag;kurs\n1;2026-06-01;01.06.2026;1.234,50;1.25\n2;2026-06-02;02.06.2026;7,5;0.5\n"
    "3;2026-06-03;13/6/26;-0,25;12.75\n4;2026-06-04;2026-06-14;12;3\n"
)
"""Days written in three ways, and numbers with a comma beside such with a point."""
FILES = {
    "plain": {"calls.csv": "ticket,opened,kind,cost\nT-1,2026-06-01 09:15,Light,2.50\nT-2,2026-06-02 10:40,Bin,3\n"},
    "no_time": {"stations.csv": "code,name,docks\nA,Central,10\nB,Harbour,20\n"},
    "a_day_alone": {"rain.csv": "day,station,mm\n2026-01-01,A,0.5\n2026-01-02,A,1.25\n"},
    "tenants": {"log.ndjson": '{"tenant_id": "a", "at": "2026-01-01T00:00:00Z", "x": {"y": 1}}\n' * 2},
    "awkward": {"odd.csv": 'Order;"select";class;Ünit Preis;source\n1;01/02/2026;a;1,5;b\n2;01/03/2026;b;2;c\n'},
    "mixed": {"mixed.csv": MIXED},
    "clashing": {"a.csv": "customer_id,customers,count,metric_month,at\n1,3,4,k,2026-01-01\n1,3,5,l,2026-01-02\n"},
    "quotes": {"said.csv": 'id,said\n1,"""hi"""\n2,"it\'s ""so"""\n'},
    "long": {"long.csv": ",".join(f"{LONG}_{i}" for i in "abcdef") + "\n" + "1,x,y,z,u,v\n2,x1,y1,z1,u1,v1\n" * 2},
    "two_feeds": {
        "orders.csv": "order_id,ordered_at,amount\n1,2026-01-01 10:00:00,5\n2,2026-01-02 10:00:00,6\n",
        "customers.json": json.dumps([{"customer_id": 1, "amount": 3}, {"customer_id": 2, "amount": 4}]),
    },
}


def drafted(folder: Path, name: str) -> dict[str, str]:
    """The files of a draft of some sample files."""
    for file, text in FILES[name].items():
        (folder / file).write_text(text, encoding="utf-8")
    return rendered(design("drafted", [str(folder / file) for file in FILES[name]]))


@pytest.fixture
def modules() -> Iterator[None]:
    yield
    for name in [n for n in sys.modules if n.startswith("lakehouse_assets.domains.drafted")]:
        del sys.modules[name]


def contracts_of(root: Path) -> dict[str, Contract]:
    folder = root / "lakehouse_assets/domains/drafted"
    package = _loaded("lakehouse_assets.domains.drafted", folder / "__init__.py")
    assert package.OWNER.startswith("team:")
    module = _loaded("lakehouse_assets.domains.drafted.contracts", folder / "contracts.py")
    return {c.identifier: c for c in module.CONTRACTS}


def _loaded(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", FILES)
def test_a_draft_agrees_with_itself(tmp_path: Path, modules: None, name: str) -> None:
    files = drafted(tmp_path, name)
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    contracts = contracts_of(tmp_path)
    assert len(contracts) == 4 * len(FILES[name])
    for source in read_sources(tmp_path / "lakehouse_assets/domains/drafted/sources.yml"):
        mapping = RecordMapping(source, contracts[source.target], zone="UTC")
        with open_instance() as con:
            check_mapping(con, mapping)
    described = {}
    for path in tmp_path.glob("dbt_project/**/*.yml"):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        described |= {f"bronze.{t['name']}": t for s in content.get("sources", []) for t in s["tables"]}
        described |= {f"{path.parents[1].name}.{m['name']}": m for m in content.get("models", [])}
    made = {i: c for i, c in contracts.items() if c.layer != "semantic"}
    assert described.keys() == made.keys()
    for identifier, contract in made.items():
        assert described[identifier]["description"] == f"{contract.description} {contract.grain}"
        columns = {c["name"]: c["description"] for c in described[identifier]["columns"]}
        assert columns == {c.name: c.description for c in contract.columns}


@pytest.mark.parametrize("name", FILES)
def test_metrics_have_measures_and_words_of_their_own(tmp_path: Path, name: str) -> None:
    files = drafted(tmp_path, name)
    models = yaml.safe_load(files["semantic/models/drafted/semantic_models.yml"])["semantic_models"]
    metrics = yaml.safe_load(files["semantic/models/drafted/metrics.yml"])["metrics"]
    measures = [m["name"] for model in models for m in model["measures"]]
    used = [m["type_params"]["measure"] for m in metrics]
    assert [u["name"] if isinstance(u, dict) else u for u in used] == measures
    words = [w.lower() for m in metrics for w in (m["label"], *m["config"]["meta"]["synonyms"])]
    assert len(words) == len(set(words))
    assert len({m["name"] for m in metrics}) == len(metrics)
    assert len(models) == len(FILES[name])


@pytest.mark.parametrize("name", FILES)
def test_every_line_fits_and_what_is_open_is_marked(tmp_path: Path, name: str) -> None:
    files = drafted(tmp_path, name)
    for path, text in files.items():
        limit = {".py": 120, ".sql": 110}.get(Path(path).suffix, 10_000)
        assert max(map(len, text.splitlines())) <= limit, path
        assert text.endswith("\n") and not text.endswith("\n\n")
    marked = {path for path, text in files.items() if UNDECIDED in text}
    assert {Path(p).name for p in marked} >= {"__init__.py", "contracts.py", "sources.yml", "metrics.yml"}


@pytest.mark.parametrize("name", FILES)
def test_python_is_formatted_as_the_project_is(tmp_path: Path, name: str) -> None:
    for path, text in drafted(tmp_path, name).items():
        if path.endswith(".py"):
            ruff = [sys.executable, "-m", "ruff", "format", "--config", str(PROJECT_ROOT / "pyproject.toml")]
            command = [*ruff, "--stdin-filename", path, "-"]
            done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
            assert text == done.stdout


def test_files_of_one_shape_are_samples_of_one_feed(tmp_path: Path) -> None:
    (tmp_path / "may.csv").write_text("no,cost,at\n1,5,2026-05-01\n2,,2026-05-02\n")
    (tmp_path / "june.csv").write_text("at,no,cost\n2026-06-01,3,5.25\n")
    (tmp_path / "june.ndjson").write_text('{"no": 4, "cost": 1, "at": "2026-06-02"}\n')
    made = design("drafted", [str(tmp_path / name) for name in ("may.csv", "june.csv", "june.ndjson")])
    assert [(f.sample.format, f.sample.texts.num_rows) for f in made.feeds] == [("csv", 3), ("ndjson", 1)]
    assert {c.name: c.type for c in made.feeds[0].values}["cost"] == "DECIMAL(18,4)"


def test_what_cannot_be_decided_is_decided_somehow_and_said(tmp_path: Path) -> None:
    source = drafted(tmp_path, "no_time")["lakehouse_assets/domains/drafted/sources.yml"]
    assert "the files tell no time" in source
    assert "expression: tenant_id" in drafted(tmp_path, "tenants")["lakehouse_assets/domains/drafted/sources.yml"]
    assert (
        "day or month first, in select" in drafted(tmp_path, "awkward")["lakehouse_assets/domains/drafted/sources.yml"]
    )


def test_each_field_is_read_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "sources.yml"
    path.write_text(drafted(tmp_path, "mixed")["lakehouse_assets/domains/drafted/sources.yml"])
    (source,) = read_sources(path)
    assert (source.decimal_sign, source.thousands_sign) == (",", ".")
    assert source.date_formats == ["%d.%m.%Y", "%d/%m/%y"] and source.read_as.keys() == {"kurs"}
    rate, amount = source.style("kurs"), source.style("betrag")
    with open_instance() as con:
        read = [value(text, "DECIMAL(18,4)", style) for text, style in (("'12.75'", rate), ("'-1.234,5'", amount))]
        assert [str(v) for v in con.execute(f"select {', '.join(read)}").fetchall()[0]] == ["12.7500", "-1234.5000"]


def test_a_draft_does_not_load_until_its_tenant_is_decided(tmp_path: Path) -> None:
    path = tmp_path / "sources.yml"
    text = drafted(tmp_path, "plain")["lakehouse_assets/domains/drafted/sources.yml"]
    path.write_text(text)
    (source,) = read_sources(path)
    line = next(i for i, said in enumerate(text.splitlines(), 1) if "tenant: undecided" in said)
    with pytest.raises(SourceError, match=rf"sources\.yml, line {line}: field 'tenant'.*--tenant"):
        refuse_undecided(source, None)
    refuse_undecided(source, "pb.amritsar")
    path.write_text(text.replace("tenant: undecided", "tenant: pb.amritsar"))
    refuse_undecided(read_sources(path)[0], None)


def test_words_of_other_domains_are_left_to_them(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text(FILES["plain"]["calls.csv"])
    files = rendered(design("drafted", [str(path)]), taken={"total cost", "drafteds"})
    metrics = yaml.safe_load(files["semantic/models/drafted/metrics.yml"])["metrics"]
    assert [m["label"] for m in metrics] == ["Drafteds of drafteds", "Total cost of drafteds", "Average cost"]


def test_all_files_are_written_or_none(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text(FILES["plain"]["calls.csv"])
    drafted_domain = design("drafted", [str(path)])
    taken = tmp_path / "semantic/models/drafted/metrics.yml"
    taken.parent.mkdir(parents=True)
    taken.write_text("metrics: []\n")
    with pytest.raises(DraftExistsError, match=r"metrics\.yml"):
        write(drafted_domain, tmp_path)
    assert not (tmp_path / "lakehouse_assets").exists()
    taken.unlink()
    assert all(p.is_file() for p in write(drafted_domain, tmp_path))


@pytest.mark.parametrize("name", ["plain", "awkward", "two_feeds"])
def test_a_draft_can_be_asked_as_it_is(tmp_path: Path, name: str) -> None:
    for path, text in drafted(tmp_path, name).items():
        if path.startswith("semantic/"):
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
    project = Project(tmp_path)
    found = list(check_askability(project))
    assert (found, scores(project, found)) == ([], {"drafted": 100})
