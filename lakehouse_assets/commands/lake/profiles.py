"""`asklake profile`: what the rows of a table, a load or a file are like.

Belongs here: printing a profile for people. Does not belong here: computing one (profiling).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lakehouse_assets.commands.confined import bounded_memory
from lakehouse_assets.commands.failures import CommandError, Exit, did_you_mean
from lakehouse_assets.commands.lake.lookups import known_load, known_table, open_lake
from lakehouse_assets.commands.output import Out, cell
from lakehouse_assets.profiling.model import ColumnProfile, Profile

_BLOCKS = "▁▂▃▄▅▆▇█"
_WIDTH = 12
_SHOWN = 19
_ALL = 10_000


def profile(out: Out, target: str, column: str | None, tenant: str | None, load_id: str | None) -> None:
    """Print the profile of a table or a file, or of one of its columns in full."""
    found = _of(target, tenant, load_id)
    if column is not None and found.column(column) is None:
        names = [c.name for c in found.columns]
        raise CommandError(
            f"{found.table} has no column '{column}'.{did_you_mean(column, names)}",
            f"its columns: {', '.join(names)}", Exit.USAGE,
        )  # fmt: skip
    if column is not None:
        found = found.model_copy(update={"columns": tuple(c for c in found.columns if c.name == column)})
        _print_column(out, found, found.columns[0])
    else:
        _print_all(out, found)
    out.emit(found.to_json())


def _of(target: str, tenant: str | None, load_id: str | None) -> Profile:
    if _is_file(target):
        if tenant or load_id:
            raise CommandError(
                "--tenant and --load are for tables", f"leave them out, or load {target} first", Exit.USAGE
            )
        from lakehouse_assets.drafting.profile import profile_of_file

        return profile_of_file(target)
    from lakehouse_assets.profiling.tables import Profiles

    lake = open_lake()
    table = known_table(lake, target)
    if load_id:
        known_load(lake, load_id)
    profiles = Profiles(lake, lake.settings.queue_url)
    try:
        with bounded_memory(lake.settings):
            return profiles.of(table, tenant=tenant, load_id=load_id)
    finally:
        profiles.close()


def _is_file(target: str) -> bool:
    """Whether a person means a file: there is one of this name, or it has a folder or an address in it."""
    return "/" in target or Path(target).is_file()


def _print_all(out: Out, found: Profile) -> None:
    _print_head(out, found)
    moved = found.compared is not None
    heads = ("column", "type", "nulls", "different", "least", "greatest", "mean", "spread", "most frequent")
    out.table(
        (*heads, "drift") if moved else heads,
        [
            (c.name, c.type.lower(), _share(c.nulls, found.looked_at), _different(c), _short(c.low), _short(c.high),
             None if c.mean is None else f"{c.mean:,.6g}", spark(b.count for b in c.histogram),
             _short(c.top[0].value) if c.top else None, *([_drift(c)] if moved else []))
            for c in found.columns
        ],
        right={2, 3, 6}, limit=_ALL,
    )  # fmt: skip
    _print_issues(out, found)


def _print_head(out: Out, found: Profile) -> None:
    rows = f"{found.rows:,} rows"
    if found.more:
        rows = f"the first {found.looked_at:,} rows"
    elif found.sampled:
        rows += f"; the figures are of a sample of {found.looked_at:,}"
    score = "no score" if found.score is None else f"quality {found.score:.3f} of 1"
    whose = f", tenant {found.tenant}" if found.tenant else ""
    load = f", load {found.load_id}" if found.load_id else ""
    out.say(f"{found.table}{whose}{load}: {rows}, {found.duplicates:,} exact copies, {score}")
    _print_compared(out, found)


def _print_compared(out: Out, found: Profile) -> None:
    """Which days the drift of features is of."""
    compared = found.compared
    if compared is None or compared.newest is None or compared.before is None:
        return out.say(compared.note, style="dim") if compared else None
    newest, before = (f"{first} to {last}" for first, last in (compared.newest, compared.before))
    out.say(f"drift: {newest} ({compared.rows:,} rows) beside {before} ({compared.rows_before:,})", style="dim")
    if compared.note:
        out.say(compared.note, style="dim")
    return None


def _drift(column: ColumnProfile) -> str | None:
    return f"{column.drift.word} ({column.drift.index:.2f})" if column.drift else None


def _print_issues(out: Out, found: Profile) -> None:
    shown = {c.name for c in found.columns} | {None}
    issues = [i for i in found.issues if i.column in shown or i.code == "column_gone"]
    if issues:
        out.heading("To look at")
        for issue in issues:
            out.say(f"  {issue.column}: {issue.message}" if issue.column else f"  {issue.message}")


def _print_column(out: Out, found: Profile, column: ColumnProfile) -> None:
    _print_head(out, found)
    facts = {
        "type": column.type.lower(), "nulls": f"{column.nulls:,} ({_share(column.nulls, found.looked_at)})",
        "different": _different(column), "least": column.low, "greatest": column.high, "mean": column.mean,
        "standard deviation": column.deviation, "shortest": column.shortest, "longest": column.longest,
        **{f"{percent} % are below": value for percent, value in column.quantiles.items()},
        "outliers": column.outliers or None, "not calculated with": column.unusable or None,
        "drift": _drift(column),
    }  # fmt: skip
    out.table((column.name, "value"), [(n, cell(v)) for n, v in facts.items() if v is not None])
    if column.top:
        most = max(one.count for one in column.top)
        out.table(("most frequent", "rows", ""), [(one.value, one.count, _bar(one.count, most)) for one in column.top])
    if column.histogram:
        most = max(bar.count for bar in column.histogram)
        out.table(("from", "to", "rows", ""), [(b.low, b.high, b.count, _bar(b.count, most)) for b in column.histogram])
    _print_issues(out, found)


def spark(counts: Iterable[int]) -> str:
    """Counts as a line of blocks; a count of zero is a gap, any other at least the lowest block."""
    listed = list(counts)
    most = max(listed, default=0)
    return "".join(_BLOCKS[max(0, round(n / most * len(_BLOCKS)) - 1)] if n else " " for n in listed)


def _bar(count: int, most: int) -> str:
    return "█" * max(1, round(count / most * _WIDTH)) if count else ""


def _share(part: int, whole: int) -> str:
    if not part or not whole:
        return "0 %"
    return f"{100 * part / whole:.0f} %" if part / whole >= 0.01 else "<1 %"


def _different(column: ColumnProfile) -> str:
    return f"{'' if column.distinct_is_exact else 'about '}{column.distinct:,}"


def _short(value: object) -> str | None:
    if value is None:
        return None
    text = f"{value:,.6g}" if isinstance(value, float) else cell(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
