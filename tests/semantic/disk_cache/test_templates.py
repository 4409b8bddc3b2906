"""Compiled queries on disk: found again by another process, never another manifest's, never in the way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from lakehouse_assets.lakehouse.engines.protocol import Rollup
from semantic.disk_cache.templates import Template, Templates
from semantic.layer import SemanticLayer

ROLLUP = Rollup("(select a)", "gold.t", "select sum(a) from (select a from ", ")", ("a",))


def test_what_was_kept_is_found_by_its_shape_alone(tmp_path: Path) -> None:
    templates = Templates(tmp_path, "one", "duckdb")
    kept = Template("select 1", ("gold.t",), (ROLLUP,))
    templates.keep(("a", 1), kept)
    assert Templates(tmp_path, "one", "duckdb").get(("a", 1)) == kept
    assert templates.get(("a", 2)) is None
    assert Templates(tmp_path, "one", "trino").get(("a", 1)) is None


def test_a_new_manifest_forgets_the_old_ones(tmp_path: Path) -> None:
    Templates(tmp_path, "old", "duckdb").keep("s", Template("select 1"))
    Templates(tmp_path, "new", "duckdb").keep("s", Template("select 2"))
    assert Templates(tmp_path, "old", "duckdb").get("s") is None
    assert Templates(tmp_path, "new", "duckdb").get("s") == Template("select 2")


def test_spoiled_files_are_made_anew(tmp_path: Path) -> None:
    templates = Templates(tmp_path, "one", "duckdb")
    templates.keep("s", Template("select 1"))
    for path in tmp_path.rglob("*.json"):
        path.write_text("{", encoding="utf-8")
    assert templates.get("s") is None
    templates.keep("s", Template("select 3"))
    assert templates.get("s") == Template("select 3")


def test_a_second_process_does_not_load_metricflow(layer: SemanticLayer, asked_lake) -> None:
    # What `layer` remembers is not written again if a test of another manifest has dropped the files since.
    sql = SemanticLayer(asked_lake.settings).compile(["pgr_complaints"], ["channel"], grain="quarter").sql
    code = (
        "import sys; from lakehouse_assets.settings import Settings; from semantic.layer import SemanticLayer\n"
        "layer = SemanticLayer(Settings(profile='local', landing='', dagster_home=None))\n"
        "print(layer.compile(['pgr_complaints'], ['channel'], grain='quarter').sql)\n"
        "assert not any(name.startswith('metricflow') for name in sys.modules), 'metricflow was loaded'"
    )
    env = {**os.environ, "ASKLAKE_HOME": str(asked_lake.settings.home)}
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == sql.strip()
