"""From the log into bronze: every record once, in bronze or in quarantine, whoever commits and whatever is refused."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from lakehouse_assets.commands.failures import CommandError
from lakehouse_assets.commands.lake import giving_up
from lakehouse_assets.commands.output import Out
from lakehouse_assets.ingest import unload
from lakehouse_assets.ingest.contracts import LOADS, QUARANTINE
from lakehouse_assets.ingest.loads.quarantine import list_quarantined, replay
from lakehouse_assets.ingest.sources import Source
from lakehouse_assets.intake import committer as committing
from lakehouse_assets.intake.committer import Committer
from lakehouse_assets.intake.log import BusyError, IntakeLog, Lag, backlog, give_up, held, lag, log_id
from lakehouse_assets.intake.segments import places, segments
from lakehouse_assets.intake.status import Refused, Status, status_of
from lakehouse_assets.lakehouse.iceberg.catalog import require_local
from lakehouse_assets.lakehouse.iceberg.locations import file_uri
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.publish.protocol import AuditFailedError, Publication
from tests.ingest.conftest import record, sales_source
from tests.intake.conftest import entry, raw

Orders = Callable[[], list[str]]


def test_what_was_accepted_is_in_bronze_once(log: IntakeLog, committer: Committer, lake, rows, folder) -> None:
    log.append(entry(1, 2)).result(5)
    log.append(entry(3, tenant="t2")).result(5)
    log.append(entry(4)).result(5)
    before = lag(folder)
    assert before.records == 4 and before.bytes == backlog(folder)
    assert before.since and abs(before.since.timestamp() - time.time()) < 60
    done = committer.commit()
    assert [(c.tenant, c.first, c.end, c.loaded, c.quarantined) for c in done] == [
        ("t1", 0, 4, 3, 0),
        ("t2", 2, 3, 1, 0),
    ]
    place = f"log://{log_id(folder)}/0"
    assert [(r["order_id"], r["tenant_id"], r["source_file"], r["source_row"]) for r in rows(
        "select * from bronze.sample_sales order by order_id"
    )] == [
        ("O1", "t1", f"{place}/{0:020}-{4:020}", 1), ("O2", "t1", f"{place}/{0:020}-{4:020}", 2),
        ("O3", "t2", f"{place}/{2:020}-{3:020}", 1), ("O4", "t1", f"{place}/{0:020}-{4:020}", 4),
    ]  # fmt: skip
    assert committer.commit() == [] and backlog(folder) == 0
    assert lag(folder) == Lag(0, 0, None)


def test_another_committer_goes_on_where_the_last_one_ended(
    log: IntakeLog, committer: Committer, lake: Lake, folder: Path, orders: Orders
) -> None:
    log.append(entry(1)).result(5)
    committer.commit()
    log.append(entry(2)).result(5)
    assert Committer(lake, folder).commit() == [], "another one works"
    committer.close()
    other = Committer(lake, folder)
    assert [(c.first, c.end) for c in other.commit()] == [(1, 2)]
    other.close()
    assert orders() == ["O1", "O2"]


def test_a_committer_that_slept_while_another_worked_commits_nothing_twice(
    log: IntakeLog, committer: Committer, lake: Lake, folder: Path, orders: Orders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a machine is stopped in the middle of a publication, and its lock is lost with its clock."""
    log.append(entry(1)).result(5)
    committer.commit()
    log.append(entry(2)).result(5)
    log.append(entry(3)).result(5)
    honest = Publication.audit

    def audit(publication: Publication, *args: object) -> object:
        monkeypatch.setattr(Publication, "audit", honest)
        log.append(entry(4)).result(5)
        monkeypatch.setattr(committing, "take", lambda file: os.open(file, os.O_RDONLY))
        other = Committer(lake, folder)
        assert [(c.first, c.end) for c in other.commit()] == [(1, 4)]
        return honest(publication, *args)

    monkeypatch.setattr(Publication, "audit", audit)
    assert committer.commit() == []
    assert committer.commit() == []
    log.append(entry(5)).result(5)
    assert [(c.first, c.end) for c in committer.commit()] == [(4, 5)]
    assert orders() == ["O1", "O2", "O3", "O4", "O5"]


def test_records_that_do_not_fit_are_in_quarantine_and_known_by_their_number(
    log: IntakeLog, committer: Committer, lake: Lake, folder: Path, sources: dict[str, Source], orders: Orders
) -> None:
    log.append(entry(1)).result(5)
    position = log.append(raw(json.dumps(record(2)), "{no json", json.dumps(record(3, qty="many")))).result(5)
    log.append(entry(4)).result(5)
    where = (lake, folder, "shop", "t1")
    assert status_of(*where, position) == Status("accepted")
    committer.commit()
    found = status_of(*where, position)
    assert (found.state, found.quarantined, [r.record for r in found.refused]) == ("visible", 2, [2, 3])
    assert "not valid JSON" in found.refused[0].reason and "many" in found.refused[1].reason
    assert status_of(lake, folder, "shop", "t2", position) == Status("accepted"), "another tenant's"
    assert status_of(*where, replace(position, records=1)) == Status("visible")
    only = status_of(*where, replace(position, first=position.first + 1, records=1))
    assert only == Status("quarantined", 1, (Refused(1, found.refused[0].reason),))
    lenient = {**sources["shop"].columns, "quantity": "coalesce(try_cast(qty as int), 1)", "amount": "1"}
    assert replay(lake, source_name="shop", source=sales_source(columns=lenient, tenant=None)).loaded == 1
    assert orders() == ["O1", "O2", "O3", "O4"]


def test_a_load_that_is_taken_back_does_not_come_again_by_itself(
    log: IntakeLog, committer: Committer, lake: Lake, folder: Path, rows, orders: Orders
) -> None:
    log.append(entry(1, 2)).result(5)
    committer.commit()
    (note,) = rows("select * from bronze.loads")
    assert unload(lake, note["load_id"]).rows == 2
    log.append(entry(3)).result(5)
    committer.close()
    again = Committer(lake, folder)
    again.commit()
    again.close()
    assert orders() == ["O3"]
    assert [
        (r["rows_read"], r["rows_loaded"], r["first_day"])
        for r in rows(f"select * from bronze.loads where load_id = '{note['load_id']}'")
    ] == [(0, 0, None)]


def test_a_request_that_came_twice_by_its_key_counts_once_whichever_process_took_it(
    log: IntakeLog, committer: Committer, lake: Lake, folder: Path, orders: Orders, rows
) -> None:
    other = IntakeLog(folder, most_backlog=1 << 30)
    log.append(entry(1, key="a")).result(5)
    second = other.append(entry(1, key="a")).result(5)
    other.append(entry(2, key="b")).result(5)
    committer.commit()
    third = IntakeLog(folder, most_backlog=1 << 30)
    third.append(entry(2, key="b")).result(5)
    committer.close()
    again = Committer(lake, folder)
    again.commit()
    again.close()
    assert orders() == ["O1", "O2"]
    assert sum(r["rows_read"] for r in rows("select rows_read from bronze.loads")) == 2
    assert status_of(lake, folder, "shop", "t1", second) == Status("visible")
    for one in (other, third):
        one.close()


def test_a_stream_that_cannot_be_committed_waits_and_keeps_no_other(
    log: IntakeLog, committer: Committer, sources: dict[str, Source], orders: Orders
) -> None:
    log.append(entry(1, source="gone")).result(5)
    log.append(entry(2)).result(5)
    assert [(c.source, c.first) for c in committer.commit()] == [("shop", 1)]
    log.append(entry(3)).result(5)
    assert [(c.source, c.first) for c in committer.commit()] == [("shop", 2)]
    sources["gone"] = sales_source(name="gone", format="ndjson", tenant=None)
    assert committer.commit() == [], "it is left alone for a while"
    committer._left_alone.clear()
    assert [(c.source, c.first) for c in committer.commit()] == [("gone", 0)]
    assert orders() == ["O1", "O2", "O3"]


def test_a_record_that_the_audit_refuses_is_found_and_quarantined(
    log: IntakeLog, committer: Committer, lake: Lake, orders: Orders, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = Publication.audit

    def audit(publication: Publication, con: object) -> object:
        outcomes = honest(publication, con)
        staged = publication.staged["bronze.sample_sales"]
        if staged.files and con.execute(f"select 1 from {staged.relation} where order_id = 'O3'").fetchall():  # type: ignore[attr-defined]
            raise AuditFailedError([outcomes[0]])
        return outcomes

    monkeypatch.setattr(Publication, "audit", audit)
    log.append(entry(1, 2, 3)).result(5)
    log.append(entry(4, 5)).result(5)
    done = committer.commit()
    assert (done[0].first, done[-1].end, sum(c.quarantined for c in done)) == (0, 5, 1)
    assert orders() == ["O1", "O2", "O4", "O5"]
    (waiting,) = list_quarantined(lake)
    assert json.loads(waiting["raw_text"])["order_id"] == "O3" and "audit failed" in waiting["reason"]
    assert committer.commit() == []


def test_the_tenant_is_that_of_the_key_whatever_a_record_says(
    log: IntakeLog, committer: Committer, lake: Lake, sources: dict[str, Source], rows
) -> None:
    sources["shop"] = sales_source(format="ndjson", tenant={"expression": "owner"}, optional=["owner"])
    says = [{"owner": "t1"}, {}, {"owner": "t2"}, {"owner": ""}]
    texts = [json.dumps({**record(n), **more}) for n, more in enumerate(says, 1)]
    log.append(raw(*texts)).result(5)
    log.append(raw(json.dumps({**record(9), "owner": "t7"}), tenant=None)).result(5)
    committer.commit()
    found = rows("select order_id, tenant_id from bronze.sample_sales order by 1")
    assert [(r["order_id"], r["tenant_id"]) for r in found] == [("O1", "t1"), ("O2", "t1"), ("O4", "t1"), ("O9", "t7")]
    (waiting,) = list_quarantined(lake)
    assert (waiting["source_row"], waiting["tenant_id"]) == (3, "t1") and "tenant_id" in waiting["reason"]
    assert replay(lake, source_name="shop", source=sources["shop"]).loaded == 0, "nor out of quarantine"


def test_segments_are_kept_until_they_are_committed_and_old(
    log: IntakeLog, committer: Committer, lake: Lake, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log._appender._most = 300
    for number in range(6):
        log.append(entry(number)).result(5)
    many = len(segments(folder / "0"))
    committer.commit()
    assert len(segments(folder / "0")) == many > 2
    for segment in segments(folder / "0"):
        os.utime(segment.path, (time.time() - 3600, time.time() - 3600))
    log.append(entry(7, source="gone")).result(5)
    committer._lake = Lake(lake.settings.model_copy(update={"intake_retention": timedelta(minutes=5)}))
    committer.commit()
    assert 1 <= len(segments(folder / "0")) < many


def test_a_first_commit_that_died_between_making_the_tables_and_their_rows_is_no_obstacle(
    log: IntakeLog, committer: Committer, lake: Lake, folder: Path, orders: Orders
) -> None:
    for contract in (LOADS, QUARANTINE):
        require_local(lake.catalog).ensure(contract, file_uri(lake.location(contract)))
    position = log.append(entry(1)).result(5)
    assert status_of(lake, folder, "shop", "t1", position) == Status("accepted")
    committer.commit()
    assert orders() == ["O1"] and status_of(lake, folder, "shop", "t1", position) == Status("visible")


def test_damaged_records_wait_and_keep_no_other_stream(
    log: IntakeLog, committer: Committer, folder: Path, orders: Orders
) -> None:
    for number in (1, 2):
        log.append(entry(number)).result(5)
    log.append(entry(3, tenant="t2")).result(5)
    first, second, _ = places(folder / "0", 0)
    content = bytearray(first.segment.read_bytes())
    content[second.entry.at + second.entry.size - 5] ^= 1
    first.segment.write_bytes(content)
    assert [(c.tenant, c.first, c.end) for c in committer.commit()] == [("t1", 0, 1), ("t2", 2, 3)]
    assert orders() == ["O1", "O3"]


def test_a_range_that_is_refused_whatever_it_holds_waits_and_keeps_no_other(
    log: IntakeLog, committer: Committer, orders: Orders, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest, tries = Publication.audit, []

    def audit(publication: Publication, con: object) -> object:
        outcomes = honest(publication, con)
        if len(tries) < 3:  # both records, the first, the first to quarantine
            tries.append(1)
            raise AuditFailedError([outcomes[0]])
        return outcomes

    monkeypatch.setattr(Publication, "audit", audit)
    log.append(entry(1, 2)).result(5)
    log.append(entry(3, tenant="t2")).result(5)
    assert [c.tenant for c in committer.commit()] == ["t2"]


def test_a_key_counts_from_when_it_is_committed_though_an_earlier_copy_still_waits(
    log: IntakeLog, committer: Committer, lake: Lake, folder: Path, orders: Orders
) -> None:
    other = IntakeLog(folder, most_backlog=1 << 30)
    log.append(entry(1, key="a")).result(5)
    other.append(entry(1, key="a")).result(5)
    committer._left_alone[0, "shop", "t1"] = time.monotonic() + 60
    assert [(c.partition, c.loaded) for c in committer.commit()] == [(1, 1)]
    committer.close()
    again = Committer(lake, folder)
    assert [(c.partition, c.loaded) for c in again.commit()] == [(0, 0)]
    again.close()
    other.close()
    assert orders() == ["O1"]


def test_a_stream_whose_source_was_deleted_holds_no_other_back_and_can_be_given_up(
    log: IntakeLog,
    committer: Committer,
    lake: Lake,
    folder: Path,
    sources: dict[str, Source],
    orders: Orders,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lakehouse_assets.intake.segments.SEGMENT_BYTES", 1)
    monkeypatch.setattr(log._appender, "_most", 1)
    committer._lake = Lake(lake.settings.model_copy(update={"intake_retention": timedelta(seconds=-60)}))
    sources["gone"] = sales_source(name="gone", format="ndjson", tenant=None)
    lost = log.append(entry(1, source="gone")).result(5)
    del sources["gone"]
    for number in (2, 3, 4):
        log.append(entry(number)).result(5)
        committer.commit()
    assert orders() == ["O2", "O3", "O4"] and backlog(folder) == 0
    assert [s.first for s in segments(folder / "0")] == [0, 3], "what lies behind it is not kept for it"
    (stuck,) = held(folder)
    assert (stuck.source, stuck.tenant) == ("gone", "t1") and "there is no source 'gone'" in stuck.problem
    committer.close()
    again = Committer(lake, folder)
    again.commit()
    assert [h.bytes for h in held(folder)] == [stuck.bytes]
    assert [h.source for h in give_up(folder, "gone")] == ["gone"]
    assert status_of(lake, folder, "gone", "t1", lost).state == "given up"
    again.commit()
    assert held(folder) == []
    sources["gone"] = sales_source(name="gone", format="ndjson", tenant=None)
    time.sleep(0.002)
    again._left_alone.clear()
    kept = log.append(entry(5, source="gone")).result(5)
    assert status_of(lake, folder, "gone", "t1", kept).state == "accepted"
    assert [(c.source, c.loaded) for c in again.commit()] == [("gone", 1)]
    again.close()
    assert orders() == ["O2", "O3", "O4", "O5"]
    assert [status_of(lake, folder, "gone", "t1", p).state for p in (lost, kept)] == ["given up", "visible"]
    assert status_of(lake, folder, "gone", "t2", lost).state == "accepted", "another tenant's"


def test_what_was_given_up_can_be_sent_again_by_its_keys_and_what_was_loaded_is_not_loaded_twice(
    committer: Committer,
    lake: Lake,
    folder: Path,
    sources: dict[str, Source],
    orders: Orders,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lakehouse_assets.intake.log.LOOKS_EVERY_S", 0.01)
    monkeypatch.setattr(committing, "REFUSED_FOR_S", 0.0)
    first, second = IntakeLog(folder, most_backlog=1 << 20), IntakeLog(folder, most_backlog=1 << 20)
    first.append(entry(1, key="loaded")).result(5)
    committer.commit()
    known = sources.pop("shop")
    first.append(entry(2, key="lost")).result(5)
    committer.commit()
    assert give_up(folder, "shop")
    committer.commit()
    committer.close()
    sources["shop"] = known
    time.sleep(0.1)
    with monkeypatch.context() as clock:
        clock.setattr(time, "time", lambda: 1.0)  # it was set back
        for log in (first, second):
            log.append(entry(1, key="loaded")).result(5)
        positions = [first.append(entry(2, key="lost")).result(5) for _ in range(2)]
    assert positions[0] == positions[1]
    first.close()
    second.close()
    after = IntakeLog(folder, most_backlog=1 << 20)
    assert after.append(entry(2, key="lost")).result(5) == positions[0]
    after.close()
    again = Committer(lake, folder)
    again.commit()
    again.close()
    assert orders() == ["O1", "O2"]


def test_of_a_stream_that_cannot_be_loaded_only_a_part_is_kept(
    committer: Committer, folder: Path, sources: dict[str, Source], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lakehouse_assets.intake.log.LOOKS_EVERY_S", 0.01)
    small = IntakeLog(folder, most_backlog=4_000)
    known = sources.pop("shop")
    sources["other"] = known
    small.append(entry(1, 2, 3, 4)).result(5)
    committer.commit()
    time.sleep(0.1)
    with pytest.raises(BusyError, match="of its source"):
        small.append(entry(5))
    small.append(entry(6, source="other")).result(5)
    small.close()


def test_status_names_what_is_held_back_and_a_command_gives_it_up(
    log: IntakeLog,
    committer: Committer,
    lake: Lake,
    sources: dict[str, Source],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sources.clear()
    log.append(entry(1)).result(5)
    committer.commit()
    monkeypatch.setattr(giving_up, "get_settings", lambda: lake.settings)
    (stuck,) = giving_up.events_held(lake.settings)
    assert giving_up.words(stuck).endswith("`asklake give-up shop`")
    with pytest.raises(CommandError, match="no events of source 'pos' are held back"):
        giving_up.run(Out(as_json=False), "pos")
    giving_up.run(Out(as_json=True), "shop")
    told = capsys.readouterr().out.splitlines()[-1]
    assert json.loads(told) == {"source": "shop", "bytes": stuck.bytes, "tenants": ["t1"]}
    committer.commit()
    assert giving_up.events_held(lake.settings) == []
