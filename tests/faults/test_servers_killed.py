"""Servers of the cluster killed while a domain is built: a run fails with a sentence or goes through; nothing is half.

The same days are built again and again; meanwhile a server dies at a random moment and comes back. Another lake, on
the other profile and left in peace, says what the tables must be in the end.
"""

from __future__ import annotations

import itertools
import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from lakehouse_assets.domains.pgr import sample
from lakehouse_assets.lakehouse import branches
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.nessie.names import SNAPSHOT_PREFIX
from lakehouse_assets.lakehouse.periods import days_between
from tests.faults import steps
from tests.faults.processes import Child, done, timed
from tests.parity.comparing import bring, bring_both, contents, differences, leftovers
from tests.servers import Servers

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(7200)]

BUILT = ("platform", "pgr")
KILLED = ("trino", "nessie", "s3", "postgres")
LONGEST_OUTAGE_S = 3.0
SPARED = 2
"""So many kills fewer than of processes: each costs the start of a server."""
FIRST, LAST = date(2026, 1, 1), date(2026, 1, 20)
DAYS = days_between(FIRST, LAST)


def half_published(lake: Lake) -> set[frozenset[str]]:
    """The silver and gold tables of the domain by the commit of main that set them; more than one set is a half."""
    built = {t for t in lake.catalog.heads() if t.split(".")[0] in ("silver", "gold") and "pgr" in t}
    newest = [next(iter(branches.log(lake, table=t, limit=1)), None) for t in sorted(built)]
    named = [
        {p.removeprefix(SNAPSHOT_PREFIX) for p in c.properties if p.startswith(SNAPSHOT_PREFIX)} for c in newest if c
    ]
    return {frozenset(built & tables) for tables in named if built - tables}


def test_killed_servers(
    servers: Servers,
    lake: Lake,
    cluster_lake: Lake,
    kills: int,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    written = sample.write_sample(tmp_path / "sample", size=1200, first_day=FIRST, last_day=LAST, files=2)
    early, late = ({"pgr_events": [str(path)]} for path in written.files["pgr_events"])
    bring_both(lake, cluster_lake, early, BUILT)
    bring(lake, late, BUILT[1:])
    bring(cluster_lake, late, ())
    settings = cluster_lake.settings
    seconds = timed(steps.rebuild_or_explain, settings, DAYS[:1])
    rng, told = random.Random(7), []
    for part in itertools.islice(itertools.cycle(KILLED), kills - SPARED):
        run = Child(steps.rebuild_or_explain, settings, DAYS)
        time.sleep(rng.uniform(0, 1.5 * seconds))
        over = not run.process.is_alive()
        servers.script("kill", part)
        time.sleep(rng.uniform(0, LONGEST_OUTAGE_S))
        servers.script("up", part)
        said = run.result()
        told.append((part, "over before" if over else said[:150] or "went through"))
        print(f"killed {part}: {told[-1][1]}", flush=True)
        assert not half_published(cluster_lake)
    outcomes = Counter((part, how if how in ("over before", "went through") else "failed") for part, how in told)
    record_property("outcomes", {" ".join(key): n for key, n in outcomes.items()})
    assert any(how != "over before" for _, how in told)
    assert done(steps.rebuild_or_explain, settings, DAYS) == ""
    assert not differences(contents(lake), contents(cluster_lake))
    branches.sweep(cluster_lake, now=datetime.now(UTC) + timedelta(days=8))
    assert not leftovers(cluster_lake)
