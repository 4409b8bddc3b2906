"""Events while processes are killed: whatever was acknowledged is in bronze once, and nothing is there twice.

One child accepts events and writes down what it acknowledged, another commits; both are killed at random moments, begun
again, and left in peace in the end.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.faults import steps
from tests.faults.processes import Child, done

pytestmark = pytest.mark.timeout(600)
KILLS, MOST_ROUNDS = 22, 40


def test_every_acknowledged_event_is_in_bronze_once_whoever_is_killed(tmp_path: Path) -> None:
    rng = random.Random(20261130)
    home, acknowledged = str(tmp_path / "lake"), tmp_path / "acknowledged"
    done(steps.commit_events, home, 0.0)  # the table is there, so that a round is as short as a commit
    kills = 0
    for number in range(MOST_ROUNDS):
        if kills >= KILLS:
            break
        sender = Child(steps.send_events, home, str(acknowledged), number * 1_000_000)
        committer = Child(steps.commit_events, home, 60.0)
        first, second = rng.sample([sender, committer], 2)
        time.sleep(rng.uniform(0.05, 0.8))
        kills += first.kill().killed
        time.sleep(rng.uniform(0.0, 0.3))
        kills += second.kill().killed
    assert kills >= KILLS, "nearly all were done before they were killed"
    done(steps.commit_events, home, 0.0)
    with steps.lake_of(home).session() as session:
        found = Counter(
            row["order_id"] for row in session.query("select order_id from bronze.sample_sales", limit=None).to_pylist()
        )
        notes = session.query("select sum(rows_read) as n, sum(rows_quarantined) as q from bronze.loads").to_pylist()
    sent = acknowledged.read_text().split()
    assert len(sent) > 200, "hardly anything was acknowledged"
    assert {order: count for order, count in found.items() if count > 1} == {}
    assert [order for order in sent if order not in found] == []
    assert notes == [{"n": len(found), "q": 0}]
