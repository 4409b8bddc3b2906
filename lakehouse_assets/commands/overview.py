"""`asklake status`: the state of everything on one page, and what to do next.

Belongs here: putting the parts together. Does not belong here: reading any of them in depth (lookups, quarantine).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakehouse_assets.commands.lookups import TableState, as_documents, open_lake, print_states, table_states
from lakehouse_assets.commands.output import Out

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake

_LOADS = """
select source, count(*) as files, cast(sum(rows_loaded) as bigint) as rows_loaded,
  cast(sum(rows_quarantined) as bigint) as rows_quarantined, max(loaded_at) as last_loaded
from bronze.loads group by source order by source
"""


def status(out: Out) -> None:
    """Tables, loads, quarantine and queue."""
    from lakehouse_assets.ingest.quarantine import count_quarantined

    lake = open_lake()
    states = table_states(lake)
    loads, (refused, _), queue = _loads(lake, states), count_quarantined(lake, limit=1), _queue(lake)
    advice = next_steps(states, refused, queue)
    out.say(f"Data: {lake.settings.home.absolute()}   profile: {lake.settings.profile}")
    if states:
        out.heading("Tables")
        print_states(out, states)
    if loads:
        out.heading("Loads")
        out.table(
            ("source", "files", "rows loaded", "rows refused", "last (UTC)"), [tuple(row.values()) for row in loads]
        )
    out.heading("Waiting")
    out.say(f"{refused} records in quarantine; questions: " + ", ".join(f"{n} {name}" for name, n in queue.items()))
    out.heading("Next")
    for line in advice:
        out.say(f"  {line}")
    out.emit(
        {
            "home": lake.settings.home.absolute(),
            "profile": lake.settings.profile,
            "tables": as_documents(states),
            "loads": loads,
            "quarantined": refused,
            "questions": queue,
            "next": advice,
        }
    )


def _published(states: list[TableState], table: str) -> bool:
    return any(s.table == table and s.published_at for s in states)


def _loads(lake: Lake, states: list[TableState]) -> list[dict[str, Any]]:
    if not _published(states, "bronze.loads"):
        return []
    with lake.session() as session:
        return session.query(_LOADS).to_pylist()


def _queue(lake: Lake) -> dict[str, int]:
    from nlq.storage.queue import QuestionQueue

    return QuestionQueue(lake.settings.queue_url).counts()


def next_steps(states: list[TableState], refused: int, queue: dict[str, int]) -> list[str]:
    """What a person would do now, the most urgent first."""
    if not states:
        return ["`asklake demo` loads sample data; `asklake ingest FILE --source NAME` loads yours"]
    steps = []
    newest = {s.table.split(".")[0]: max(_times(states, s.table.split(".")[0]), default=None) for s in states}
    if newest.get("bronze") and (not newest.get("gold") or newest["gold"] < newest["bronze"]):  # pyright: ignore[reportOptionalOperand]
        steps.append("`asklake materialize`: bronze was loaded after gold was built")
    if refused:
        steps.append("`asklake quarantine list`: records were refused")
    if queue.get("queued"):
        steps.append("`asklake dev`: questions wait for its daemon")
    if late := [s.table for s in states if s.freshness == "stale"]:
        steps.append(f"stale: {', '.join(late)}; load newer data, or look at the schedules in Dagit")
    return [*steps, '`asklake ask "…"` asks; `asklake catalog` lists what can be asked; `asklake dev` opens Dagit']


def _times(states: list[TableState], layer: str) -> list[Any]:
    return [s.published_at for s in states if s.table.startswith(f"{layer}.") and s.published_at]
