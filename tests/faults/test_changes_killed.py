"""A table of PostgreSQL that is followed while its readers are killed: every change is in bronze once.

Two children follow one table at once, while it changes; both are killed at random moments and begun again, from before
its first copy on, and one is left in peace in the end. Every change has a number of its own.
"""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from tests.faults import steps
from tests.faults.processes import Child, done, timed
from tests.followed import TABLE, TRUTH, Database, live

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]
KILLS, MOST_ROUNDS, COPYING, LONGEST_S = 14, 40, 3, 2.5


NUMBERS = """
create sequence numbers;
create table given (number bigint);
create function note() returns trigger language plpgsql as
  $$ begin insert into given values (new.qty); return null; end $$;
create trigger note after insert or update on lines for each row execute function note()
"""


def change(shop: Database, rng: random.Random) -> None:
    """Some transactions of every kind of change; the last number of each is that of a row which is there then."""
    for _ in range(12):
        first = rng.randrange(200)
        shop.run(
            f"begin; delete from lines where id % 29 = {rng.randrange(29)}; "
            "insert into lines select n, 1, '2025-03-01Z', 'P', 'new', nextval('numbers'), 1 "
            f"from generate_series({first}, {first + 9}) n on conflict do nothing; "
            f"update lines set qty = nextval('numbers'), name = 'changed' where id % 17 = {rng.randrange(17)}; "
            f"update lines set qty = nextval('numbers'), sold = sold + interval '1 day' where id = {first}; commit"
        )


def test_every_change_is_in_bronze_once_whoever_is_killed(tmp_path: Path, shop: Database) -> None:
    rng, home, kills = random.Random(20261130), str(tmp_path / "lake"), 0
    shop.run(TABLE + ";" + NUMBERS)
    takes_s = LONGEST_S
    for number in range(MOST_ROUNDS):
        if kills >= KILLS:
            break
        change(shop, rng)
        if number == COPYING:  # some were killed before the copy was there; from now on changes are loaded
            done(steps.follow_table, home, shop.address)
            change(shop, rng)
            takes_s = timed(steps.follow_table, home, shop.address)
            continue
        for reader in [Child(steps.follow_table, home, shop.address) for _ in range(2)]:
            time.sleep(rng.uniform(0.1, 1.2 * takes_s))
            kills += reader.kill().killed
    assert kills >= KILLS, "nearly all were done before they were killed"
    done(steps.follow_table, home, shop.address)
    lake = steps.lake_of(home)
    assert live(lake) == shop.run(TRUTH) and len(shop.slots) == 1
    with lake.session() as session:
        rows = session.query("select quantity, is_deleted, raw_payload from bronze.sample_sales").to_pylist()
    assert len({row["raw_payload"] for row in rows}) == len(rows)
    numbers = [(int(row["quantity"]), '"_op":"copy"' in row["raw_payload"]) for row in rows if not row["is_deleted"]]
    copied = max((number for number, is_copy in numbers if is_copy), default=0)
    given = [number for (number,) in shop.run("select number from given where number > %s order by 1", copied)]
    assert sorted(number for number, is_copy in numbers if not is_copy) == given and len(given) > 100
