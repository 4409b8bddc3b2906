"""`make bench`: run the benchmarks, print medians and ratios, write bench/results.json.

python -m bench [ingest] [build] [domains] [histories] [sessions] [incremental] [query] [questions] [plan] [serving]
    [dashboards] [live] [intake] [fetching] [following] [often] [search] [profiles] [scale] [memory] [--repeat 5]
    [--scale 1.0]

`scale` needs the servers of the cluster profile, which it starts; `memory` asks a hundred thousand questions. Both are
only run if they are named.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import fetching as fetched
from bench.dashboards import dashboards
from bench.data import event_files
from bench.domains import (
    CHANGED_ON,
    CUSTOMERS,
    SESSIONS,
    build_tables,
    make_clicks,
    make_customers,
    make_domain,
    sampled_domains,
)
from bench.following import HELD, follow, publications
from bench.intake import bare_log, duckdb_alone, send_events
from bench.live import live
from bench.measure import Contender, Result, compare, in_own_process, save
from bench.memory import memory
from bench.often import often
from bench.profiles import profiles
from bench.scale import scale
from bench.search import searching
from bench.serving import ASKED, ask_over_http
from bench.work import (
    build_ours,
    build_plain_dbt,
    incremental_ours,
    ingest_dlt,
    ingest_duckdb,
    ingest_ours,
    make_history,
    mf_project,
    plan_questions,
    query_bare,
    query_mf,
    query_ours,
    questions_alone,
    questions_in_a_batch,
)
from lakehouse_assets.domains.pgr.questions import QUESTIONS

DLT_SHARE = 0.1
"""dlt is given this part of the file: it needs minutes for what the others do in seconds."""
QUERY = {"metrics": ["pgr_complaints", "pgr_sla_breach_rate"], "group_by": ["ward_id"], "grain": "month"}
MF_QUERY = ["--metrics", "pgr_complaints,pgr_sla_breach_rate", "--group-by", "complaint__ward_id,metric_time__month"]


def ingest(folder: Path, repeat: int, scale: float) -> list[Result]:
    """A file of events into bronze, beside DuckDB alone and beside dlt."""
    rows = int(5_000_000 * scale)
    whole = event_files(folder / "files", rows)
    part = event_files(folder / "files", int(rows * DLT_SHARE))
    results = []
    for kind, source in (("ndjson", "pgr_events"), ("csv", "pgr_events_csv")):
        results.append(
            compare(
                f"ingest_{kind}",
                [
                    Contender("asklake", ingest_ours, (str(whole[kind]), source, str(folder / "lake"))),
                    Contender("duckdb", ingest_duckdb, (str(whole[kind]), kind, str(folder / "out"))),
                    Contender("dlt", ingest_dlt, (str(part[kind]), kind, str(folder / "dlt")), share=DLT_SHARE),
                ],
                repeat=repeat,
                aim="at most 2 times DuckDB's time for the same file to Parquet, at most 0.2 times dlt's",
            )
        )
        results[-1].notes.append(
            f"{rows} events, {whole[kind].stat().st_size / 1e6:.0f} MB; dlt: {DLT_SHARE:.0%} of it"
        )
    return results


def build(folder: Path, repeat: int, scale: float) -> list[Result]:
    """Silver and gold of PGR built whole, beside plain dbt-duckdb."""
    home = folder / "build"
    in_own_process(make_history, str(home), 180, int(5000 * scale))
    return [
        compare(
            "build_pgr",
            [
                Contender("asklake", build_ours, (str(home), "pgr")),
                Contender("plain dbt-duckdb", build_plain_dbt, (str(home), "pgr")),
            ],
            repeat=repeat,
            aim="at most 1.5 times plain dbt-duckdb",
        )
    ]


def domains(folder: Path, repeat: int, scale: float) -> Iterator[Result]:
    """Every domain that has a sample built whole, in its usual size, 10 and 100 times it, beside plain dbt-duckdb."""
    for domain in sampled_domains():
        seconds: dict[int, float] = {}
        for factor in (1, 10, 100):
            home = folder / f"{domain}_{factor}"
            made = in_own_process(make_domain, str(home), domain, factor * scale)
            # The largest takes minutes a run, beside which a process's first seconds and what varies are little.
            large = factor == 100
            ours = Contender("asklake", build_ours, (str(home), domain, not large))
            plain = Contender("plain dbt-duckdb", build_plain_dbt, (str(home), domain, not large))
            aim = "at most 1.5 times plain dbt-duckdb; cost grows no faster than rows"
            runs = 1 if large else repeat
            result = compare(f"domain_{domain}_{factor}x", [ours, plain], repeat=runs, aim=aim)
            seconds[factor] = result.median("asklake")
            result.notes.append(f"{made.extra['rows']} rows of bronze")
            if factor > 1:
                result.notes.append(f"{factor} times the rows cost {seconds[factor] / seconds[1]:.1f} times as much")
            yield result
            shutil.rmtree(home, ignore_errors=True)


def histories(folder: Path, repeat: int, scale: float) -> list[Result]:
    """SCD type 2 of customers after a hundredth of them changed: the one day that brought it, beside everything."""
    changes = int(10_000_000 * scale)
    in_own_process(make_customers, str(folder / "home"), changes)
    result = compare(
        "histories",
        [
            Contender("incremental", build_tables, (str(folder / "home"), CUSTOMERS, [CHANGED_ON], "4GB")),
            Contender("full", build_tables, (str(folder / "home"), CUSTOMERS, [], "4GB")),
        ],
        repeat=repeat,
        aim="less than the full build",
    )
    result.notes.append(f"{changes} changes, then {changes // 100} on one day")
    return [result]


def sessions(folder: Path, repeat: int, scale: float) -> list[Result]:
    """Clicks to sessions, ten times as many with the same memory for the engine."""
    contenders = []
    for clicks in (int(5_000_000 * scale), int(50_000_000 * scale)):
        home = folder / str(clicks)
        in_own_process(make_clicks, str(home), clicks)
        contenders.append(Contender(f"{clicks} clicks", build_tables, (str(home), SESSIONS, [], "2GB")))
    aim = "memory bounded: the engine has 2 GB whatever the number of clicks"
    return [compare("sessions", contenders, repeat=repeat, aim=aim)]


def incremental(folder: Path, repeat: int, scale: float) -> list[Result]:
    """The newest day built again, after 30, 180 and 700 days of history."""
    contenders = []
    for days in (30, 180, 700):
        home = folder / f"history_{days}"
        in_own_process(make_history, str(home), days, int(1000 * scale))
        contenders.append(Contender(f"{days} days", incremental_ours, (str(home), "2026-06-30")))
    return [compare("incremental_day", contenders, repeat=repeat, aim="flat within 20 %")]


def query(folder: Path, repeat: int, scale: float) -> list[Result]:
    """`asklake query` in a warm process, beside the same SQL in bare DuckDB and beside the `mf` command."""
    home = folder / "query"
    in_own_process(make_history, str(home), 540, int(280 * scale))
    sql = in_own_process(query_ours, str(home), QUERY).extra["sql"]
    in_own_process(mf_project, str(home))
    return [
        compare(
            "query",
            [
                Contender("asklake", query_ours, (str(home), QUERY)),
                Contender("bare DuckDB", query_bare, (str(home), sql, ["gold.gold_pgr_case_lifecycle"])),
                Contender("mf", query_mf, (str(home), MF_QUERY)),
            ],
            repeat=repeat,
            aim="at most 1.5 times bare SQL plus 50 ms; 30 times faster than mf",
        )
    ]


def questions(folder: Path, repeat: int, scale: float) -> list[Result]:
    """A queued question to its stored answer: alone, and in a batch of 200."""
    home = folder / "questions"
    in_own_process(make_history, str(home), 540, int(280 * scale))
    asked = list(QUESTIONS)
    return [
        compare(
            "question_alone",
            [Contender("asklake", questions_alone, (str(home), asked))],
            repeat=repeat,
            aim="median at most 5 s",
        ),
        compare(
            "questions_batch_of_200",
            [Contender("asklake", questions_in_a_batch, (str(home), asked, 200))],
            repeat=repeat,
            aim="at most 10 s, that is 20 questions a second",
        ),
    ]


def plan(folder: Path, repeat: int, scale: float) -> list[Result]:
    """Planning a question, over 20, 200 and 2,000 metrics; the time is the 95th percentile of the questions."""
    contenders = [Contender(f"{count} metrics", plan_questions, (count,)) for count in (20, 200, 2000)]
    return [compare("plan", contenders, repeat=repeat, aim="95th percentile at most 20 ms at 200 metrics")]


def serving(folder: Path, repeat: int, scale: float) -> list[Result]:
    """POST /nlq over 1 M events: remembered and fresh, by one asker, a hundred, and a thousand of them."""
    home = folder / "serving"
    in_own_process(make_history, str(home), 540, int(1852 * scale))
    patient = "60"
    few = [
        compare(
            f"nlq_{askers}_{'asker' if askers == 1 else 'askers'}",
            [
                Contender("remembered", ask_over_http, (str(home), ASKED, askers, 4000, False, patient)),
                Contender("fresh", ask_over_http, (str(home), ASKED, askers, 400, True, patient)),
            ],
            repeat=repeat,
            aim="p95 at most 20 ms remembered, 200 ms fresh, for one asker",
        )
        for askers in (1, 100)
    ]
    many = compare(
        "nlq_1000_askers",
        [
            Contender("remembered", ask_over_http, (str(home), ASKED, 1000, 8000, False)),
            Contender("fresh", ask_over_http, (str(home), ASKED, 1000, 2500, True)),
        ],
        repeat=1,
        aim="p95 of the served at most 3 s, the others told to come back, no broken connection",
    )
    return [*few, many]


def intake(folder: Path, repeat: int, scale: float) -> list[Result]:
    """Events over HTTP until they are durable, and until they are in bronze, beside a bare log and DuckDB alone."""
    place = folder / "intake"
    place.mkdir()
    results = []
    for batch, events in ((100, int(400_000 * scale)), (1000, int(1_000_000 * scale))):
        args = (str(place), batch, events)
        results.append(
            compare(
                f"events_in_batches_of_{batch}",
                [
                    Contender("asklake", send_events, args),
                    Contender("bare log", bare_log, args),
                    Contender("duckdb", duckdb_alone, args),
                ],
                repeat=repeat,
                aim="100,000 events/s acknowledged in batches of 100, p95 of it 200 ms, in bronze within 10 s",
            )
        )
    return results


def fetching(folder: Path, repeat: int, scale: float) -> Iterator[Result]:
    """What is fetched into bronze: a table, an API, changes of PostgreSQL, a topic; beside who only reads the same."""
    from tests.servers import Servers

    rows, place = int(300_000 * scale), str(folder)
    file = str(folder / "lines.db")
    in_own_process(fetched.make_database, file, rows)
    with fetched.api(rows // 3) as url:
        yield _beside(repeat, "database", fetched.fetch_database, fetched.read_database, (place, file, rows))
        yield _beside(repeat, "api", fetched.fetch_api, fetched.read_api, (place, url, rows // 3))
    servers = Servers.fresh(folder / "servers")
    servers.script("up", "postgres", "kafka")
    try:
        given, topic = servers.variables, "bench-lines"
        address = f"postgres:{given['LAKE_POSTGRES_PASSWORD']}@127.0.0.1:{given['LAKE_POSTGRES_PORT']}/postgres"
        changes = (place, f"postgresql://{address}", rows)
        yield _beside(repeat, "changes", fetched.fetch_changes, fetched.read_changes, changes)
        brokers = given["ASKLAKE_KAFKA_BROKERS"]
        in_own_process(fetched.make_topic, brokers, topic, rows)
        messages = (place, brokers, topic, rows)
        yield _beside(repeat, "topic", fetched.fetch_topic, fetched.read_topic, messages)
    finally:
        servers.script("wipe")


def _beside(
    repeat: int, what: str, ours: Callable[..., Any], plain: Callable[..., Any], args: tuple[Any, ...]
) -> Result:
    contenders = [Contender("asklake", ours, args), Contender("read alone", plain, args)]
    result = compare(f"fetched_{what}", contenders, repeat=repeat, aim="50,000 rows/s into bronze")
    result.notes.append(f"{args[-1]} rows")
    return result


def following(folder: Path, repeat: int, scale: float) -> list[Result]:
    """From an event to an answer that counts it, in a stream of ten million a day with bursts of ten times as many."""
    args, held = (str(folder / "stream"), 116, 10, int(240 * scale)), int(HELD * scale)
    return [
        compare(
            "answers_follow_events",
            [Contender("asklake", follow, args)],
            repeat=1,
            aim="p95 30 s at 116 events/s, with bursts of ten times as many",
        ),
        compare(
            "answers_follow_calls",
            [Contender("asklake", follow, (*args, "telemetry_api_calls", held))],
            repeat=1,
            aim="the same in a day that holds some millions, of a stream whose tables are by hour",
        ),
        compare(
            "publications_into_a_full_day",
            [
                Contender("its hours", publications, (str(folder / "by_hour"), held, "hour")),
                Contender("its whole day", publications, (str(folder / "by_day"), held, "day")),
            ],
            repeat=1,
            aim="seconds of CPU a publication that do not grow with the day",
        ),
    ]


BENCHMARKS: dict[str, Callable[[Path, int, float], Iterable[Result]]] = {
    "ingest": ingest, "build": build, "incremental": incremental, "query": query, "questions": questions,
    "plan": plan, "domains": domains, "histories": histories, "sessions": sessions,
    "serving": serving, "dashboards": dashboards, "live": live, "intake": intake, "fetching": fetching,
    "following": following, "often": often, "search": searching, "profiles": profiles, "scale": scale, "memory": memory,
}  # fmt: skip
BY_NAME_ONLY = ("scale", "memory")


def show(results: list[Result]) -> None:
    """Print medians and ratios."""
    table = Table("benchmark", "contender", "median s", "peak MB", "first is … times this", title="Benchmarks")
    for result in results:
        for i, (name, runs) in enumerate(result.runs.items()):
            ratio = "" if i == 0 else f"{result.ratios[name]:.2f}"
            peak = f"{max(t.peak_mb for t in runs):.0f}"
            table.add_row(result.benchmark if i == 0 else "", name, f"{result.median(name):.3f}", peak, ratio)
    Console().print(table)


def main() -> None:
    """Run the benchmarks named on the command line, or all."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"some of: {', '.join(BENCHMARKS)}; all if none is named")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0, help="size of the inputs, 1.0 as documented")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(BENCHMARKS):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    results: list[Result] = []
    for name in arguments.names or [n for n in BENCHMARKS if n not in BY_NAME_ONLY]:
        folder = Path(tempfile.mkdtemp(prefix=f"asklake-bench-{name}-"))
        try:
            for result in BENCHMARKS[name](folder, arguments.repeat, arguments.scale):
                results.append(result)
                save(results)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    show(results)


if __name__ == "__main__":
    main()
