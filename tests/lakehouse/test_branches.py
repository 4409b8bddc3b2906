"""Branches of people, on real servers: work on one, compare it with main, merge or drop it; and the past of main."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from lakehouse_assets.lakehouse import branches
from lakehouse_assets.lakehouse.branches import BranchNameError, MergeConflictError
from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.engines.trino import require_trino
from lakehouse_assets.lakehouse.iceberg.overwrite import ReplacePartitions, ReplaceTable
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.moments import NoSuchMomentError
from lakehouse_assets.lakehouse.nessie.client import ReferenceGoneError
from lakehouse_assets.lakehouse.publish.protocol import AuditFailedError, PublicationConflictError
from tests.lakehouse.publish.test_branch_evolution import columns
from tests.lakehouse.publish.test_branch_evolution import staged as staged_as
from tests.lakehouse.publish.test_on_branch import publish, readings, staged
from tests.lakehouse.readings import EVOLVED_READINGS, MONTHLY, READINGS, count, evolved

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]


def on(lake: Lake, branch: str) -> Lake:
    """The lake as a process sees it whose ASKLAKE_BRANCH is this."""
    return Lake(lake.settings.model_copy(update={"branch": branch}))


def build(lake: Lake, sql: str, contract: Contract) -> None:
    staged_as(lake, sql, ReplaceTable(), contract).publish()


def test_what_is_built_on_a_branch_is_seen_there_compared_and_merged(cluster_lake: Lake) -> None:
    publish(cluster_lake, readings(1, 3), ReplaceTable())
    branches.create(cluster_lake, "feature-x")
    mine = on(cluster_lake, "feature-x")
    publish(mine, readings(3, 2, value=7, meters=1), ReplacePartitions((date(2024, 1, 3), date(2024, 1, 4))))
    build(mine, readings(1, 1), MONTHLY)
    assert (count(mine), count(cluster_lake)) == (8, 9)
    assert MONTHLY.identifier not in cluster_lake.catalog.heads()
    (listed,) = branches.branches(cluster_lake)
    assert (listed.name, listed.kind, listed.tables) == ("feature-x", "open", (MONTHLY.identifier, READINGS.identifier))
    new, changed = branches.differences(cluster_lake, "feature-x", samples=2)
    assert (new.table, new.on_branch, new.on_main, new.only_on_branch) == (MONTHLY.identifier, 3, 0, 3)
    assert (changed.on_branch, changed.on_main, changed.only_on_branch, changed.only_on_main) == (8, 9, 2, 3)
    assert [row["value"] for row in changed.added] == [7, 7]
    assert [row["value"] for row in changed.removed] == [1, 1]
    commit, tables = branches.merge(cluster_lake, "feature-x")
    assert tables == [MONTHLY.identifier, READINGS.identifier]
    assert branches.log(cluster_lake)[0].hash == commit
    assert (count(cluster_lake), count(cluster_lake, MONTHLY.identifier)) == (8, 3)
    with cluster_lake.session() as session:
        session.query("select count(*) from silver.readings")
        snapshots = dict(session.snapshots)
    publish(cluster_lake, readings(1, 1), ReplaceTable())
    with cluster_lake.session(at=snapshots) as session:
        assert session.query("select count(*) n from silver.readings").to_pylist() == [{"n": 8}]
    assert not branches.branches(cluster_lake)
    assert not [c for c in require_trino(cluster_lake.engine).catalogs() if c.startswith(("on_", "pub_"))]


def test_a_branch_is_not_merged_over_what_main_did_meanwhile(cluster_lake: Lake) -> None:
    publish(cluster_lake, readings(1, 2), ReplaceTable())
    branches.create(cluster_lake, "late")
    publish(on(cluster_lake, "late"), readings(1, 5), ReplaceTable())
    publish(cluster_lake, readings(1, 1), ReplaceTable())
    with pytest.raises(MergeConflictError, match=r"main has changed silver\.readings since 'late' was made"):
        branches.merge(cluster_lake, "late")
    assert count(cluster_lake) == 3
    branches.drop(cluster_lake, "late")
    assert count(cluster_lake) == 3
    with pytest.raises(ReferenceGoneError):
        count(on(cluster_lake, "late"))
    branches.create(cluster_lake, "beside")
    build(cluster_lake, readings(1, 1), MONTHLY)
    publish(on(cluster_lake, "beside"), readings(1, 4), ReplaceTable())
    branches.merge(cluster_lake, "beside")
    assert (count(cluster_lake), count(cluster_lake, MONTHLY.identifier)) == (12, 3)


def test_a_publication_on_a_branch_is_audited_and_concurrent_ones_conflict_there(cluster_lake: Lake) -> None:
    publish(cluster_lake, readings(1, 1), ReplaceTable())
    branches.create(cluster_lake, "trial")
    mine = on(cluster_lake, "trial")
    bad = staged(mine, readings(1, 1, value=200), ReplaceTable())
    with pytest.raises(AuditFailedError):
        bad.publish()
    bad.abandon()
    old = staged(mine, readings(1, 2), ReplaceTable())
    publish(mine, readings(1, 3), ReplaceTable())
    with pytest.raises(PublicationConflictError):
        old.publish()
    old.abandon()
    assert (count(mine), count(cluster_lake)) == (9, 3)
    refused = next(b for b in branches.branches(cluster_lake) if b.kind == "refused")
    assert refused.failed == {READINGS.identifier: "value__le failed for 3 of 3 rows"}


def test_columns_changed_on_a_branch_are_told_and_merged(cluster_lake: Lake) -> None:
    publish(cluster_lake, readings(1, 2), ReplaceTable())
    branches.create(cluster_lake, "columns")
    staged_as(
        on(cluster_lake, "columns"), evolved(readings(3, 1)), ReplacePartitions((date(2024, 1, 3),)), EVOLVED_READINGS
    ).publish()
    assert columns(cluster_lake) == READINGS.column_names
    (difference,) = branches.differences(cluster_lake, "columns")
    assert (difference.columns_on_branch, difference.columns_on_main) == (("device", "quality"), ("meter",))
    assert (difference.only_on_branch, difference.only_on_main) == (3, 0)
    branches.merge(cluster_lake, "columns")
    assert columns(cluster_lake) == EVOLVED_READINGS.column_names


def test_the_past_is_read_by_commit_and_time_and_branched_from(cluster_lake: Lake) -> None:
    publish(cluster_lake, readings(1, 2), ReplaceTable())
    commit = branches.log(cluster_lake)[0]
    between = datetime.now(UTC)
    publish(cluster_lake, readings(1, 5), ReplaceTable())
    for moment in (commit.hash, commit.hash[:12], between.isoformat()):
        past = Lake(cluster_lake.settings, at=moment)
        assert count(past) == 6
        assert past.catalog.load_table(READINGS.identifier).metadata.current_snapshot_id
    assert count(cluster_lake) == 15
    branches.create(cluster_lake, "from-then", start=between.isoformat())
    assert count(on(cluster_lake, "from-then")) == 6
    with pytest.raises(NoSuchMomentError, match="no commit of main that is kept is as old as 2001-01-01"):
        count(Lake(cluster_lake.settings, at="2001-01-01"))
    with pytest.raises(NoSuchMomentError, match="no commit of main that is kept begins with 'feedbeef'"):
        branches.rollback(cluster_lake, "feedbeef")
    branches.rollback(cluster_lake, between.isoformat())
    assert count(cluster_lake) == 6


@pytest.mark.parametrize("name", ["main", "Feature", "pub_x", "a b", "-x", "x" * 41])
def test_a_name_that_will_not_do_is_said(cluster_lake: Lake, name: str) -> None:
    with pytest.raises(BranchNameError, match="lower-case letters, digits and dashes"):
        branches.create(cluster_lake, name)


def test_what_is_no_persons_branch_is_not_merged_or_dropped(cluster_lake: Lake) -> None:
    branches.create(cluster_lake, "idle")
    with pytest.raises(BranchNameError, match="already"):
        branches.create(cluster_lake, "idle")
    with pytest.raises(BranchNameError, match="nothing that main lacks"):
        branches.merge(cluster_lake, "idle")
    with pytest.raises(BranchNameError, match="main cannot be dropped"):
        branches.drop(cluster_lake, "main")
    with pytest.raises(ReferenceGoneError):
        branches.drop(cluster_lake, "nothing-here")
