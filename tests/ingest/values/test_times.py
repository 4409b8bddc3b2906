"""Times: any text gives the moment it writes, whatever stands beside it, or none; Python's zoneinfo is the judge."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse_assets.ingest.values.times import TimeStyle, day, moment, time_format, why_no_time
from lakehouse_assets.lakehouse.engines.instances import open_instance

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu",
         "America/Sao_Paulo", "Europe/Dublin", "Africa/Casablanca", "America/St_Johns", "Asia/Manila")  # fmt: skip
CHANGES = (  # an hour, half an hour, a whole day, and half an hour for good
    datetime(2026, 3, 29, 2, 30),
    datetime(2026, 10, 25, 2, 30),
    datetime(2025, 3, 9, 2, 30),
    datetime(2025, 11, 2, 1, 30),
    datetime(2025, 10, 5, 2, 15),
    datetime(2026, 4, 5, 1, 45),
    datetime(2011, 12, 30, 12),
    datetime(1986, 1, 1, 0, 10),
    datetime(2018, 11, 4, 0, 30),
)
FORMATS = ("%d.%m.%Y %H:%M:%S", "%d/%m/%y %H:%M", "%Y%m%d", "%b %d, %Y %I:%M %p", "%d.%m.%Y %H:%M %z", "%d-%m-%Y")
NEAR = st.builds(lambda at, minutes: at + timedelta(minutes=minutes), st.sampled_from(CHANGES), st.integers(-200, 200))
TIMES = NEAR | st.datetimes(datetime(1970, 1, 1), datetime(2099, 12, 31)).map(lambda t: t.replace(microsecond=0))
ENGINE = open_instance()
ENGINE.execute("set timezone = 'Asia/Tokyo'")  # of no importance


def read(sql, texts: list[str]) -> list:
    ENGINE.execute("create or replace temp table given as select unnest(?) as t, unnest(range(?)) as i",
                   [texts, len(texts)])  # fmt: skip
    return [value for (value,) in ENGINE.execute(f"select {sql} from given order by i").fetchall()]


def moments(texts: list[str], zone: str = "UTC", *formats: str, cut: bool = False) -> list:
    return read(moment("t", TimeStyle(zone, formats, cut)), texts)


def utc(local: datetime, zone: str) -> datetime | None:
    """A local time in UTC, the later of two; None where clocks skipped it."""
    there = local.replace(tzinfo=ZoneInfo(zone), fold=1).astimezone(UTC)
    same = there.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == local
    return there.replace(tzinfo=None) if same else None


@st.composite
def written(draw) -> tuple[str, object]:
    """A text, and the moment it writes as a function of the source's zone."""
    local = draw(TIMES)
    text = local.isoformat(sep=draw(st.sampled_from(" T")))
    way = draw(st.sampled_from(["local", "offset", "Z", "zone", "junk"]))
    if way == "local":
        return text, lambda zone: utc(local, zone)
    if way == "offset":
        offset = timedelta(minutes=draw(st.integers(-14 * 60, 14 * 60)))
        there = local.replace(tzinfo=timezone(offset))
        return there.isoformat(sep=text[10]), lambda zone: there.astimezone(UTC).replace(tzinfo=None)
    if way == "Z":
        return text + draw(st.sampled_from(["Z", " UTC", " +0000"])), lambda zone: local
    if way == "zone":
        named = draw(st.sampled_from([z for z in ZONES if z != "UTC"]))
        return f"{text} {named}", lambda zone: utc(local, named)
    return text + draw(st.sampled_from([" CST", "+25:00", " Mars/Base", " junk", ".", " BC"])), lambda zone: None


@given(st.lists(written(), min_size=1, max_size=30), st.sampled_from(ZONES))
@settings(max_examples=60, deadline=None)
def test_a_mixture_of_times_in_any_order_gives_each_its_own(records, zone):
    assert moments([text for text, _ in records], zone) == [expected(zone) for _, expected in records]


@given(st.lists(st.tuples(TIMES, st.sampled_from([*FORMATS, "%m/%d/%Y", "%Y-%m-%d %H:%M"])), min_size=1, max_size=20),
       st.lists(st.sampled_from(FORMATS), unique=True, max_size=4), st.sampled_from(ZONES))  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_declared_formats_are_read_first_as_python_reads_them(times, formats, zone):
    texts = [local.replace(tzinfo=timezone(timedelta(hours=3))).strftime(f) for local, f in times]

    def expected(text: str) -> datetime | None:
        for known in (*formats, "%Y-%m-%d %H:%M"):
            try:
                parsed = datetime.strptime(text, known)
            except ValueError:
                continue
            return parsed.astimezone(UTC).replace(tzinfo=None) if parsed.tzinfo else utc(parsed, zone)
        return None

    assert moments(texts, zone, *formats) == [expected(text) for text in texts]


def test_an_offset_in_the_hour_that_comes_twice_is_honoured():
    texts = [
        "25.10.2026 02:30 +02:00",
        "25.10.2026 02:30 +01:00",
        "25.10.2026 02:30 Z",
        "25.10.2026 02:30 Europe/Paris",
    ]
    assert moments(texts, "Europe/Berlin", "%d.%m.%Y %H:%M %z") == [
        datetime(2026, 10, 25, 0, 30), datetime(2026, 10, 25, 1, 30), datetime(2026, 10, 25, 2, 30),
        datetime(2026, 10, 25, 1, 30),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-06-01", datetime(2026, 6, 1)),
        (" 2026-06-01 10:05 ", datetime(2026, 6, 1, 10, 5)),
        ("2026-06-01t10:05z", datetime(2026, 6, 1, 10, 5)),
        ("2026-06-01T10:05:00,5", datetime(2026, 6, 1, 10, 5, 0, 500000)),
        ("2026-06-01T24:00", datetime(2026, 6, 2)),
        ("2026-06-01 10:00:00.123456000Z", datetime(2026, 6, 1, 10, 0, 0, 123456)),
        ("2026-06-01 10:00:00-00:53:28", datetime(2026, 6, 1, 10, 53, 28)),
        ("0001-01-01", datetime(1, 1, 1)),
        ("9999-12-31T23:59:59.999999", datetime(9999, 12, 31, 23, 59, 59, 999999)),
    ],
)
def test_what_iso_8601_may_look_like(text, expected):
    assert moments([text]) == [expected]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2026-03-29 02:30", "skipped"),
        ("2026-06-30 23:59:60", "leap second"),
        ("2026-06-01T24:00:01", "ISO 8601"),
        ("2026-06-01 10:00:00.0000001", "beyond microseconds"),
        ("0000-01-01", "years 0001 to 9999"),
        ("-0044-03-15", "years 0001 to 9999"),
        ("12026-01-01", "years 0001 to 9999"),
        ("0044-03-15 (BC)", "years 0001"),
        ("0001-01-01 00:00+05:00", "out of range"),
        ("2026-06-01 10:00:00 CST", "no zone"),
        ("2026-06-01 10:00:00 Foo/Bar", "zone that is not known"),
        ("2025-02-29", "ISO 8601"),
        ("2026-6-1", "ISO 8601"),
        ("2026-06-01 10:05.5", "ISO 8601"),
        ("epoch", "ISO 8601"),
        ("infinity", "ISO 8601"),
        ("now", "ISO 8601"),
        ("today", "ISO 8601"),
        ("2026-06-01 junk", "ISO 8601"),
        ("2026-06-01T10:00:00+24:00", "ISO 8601"),
        ("", "ISO 8601"),
    ],
)
def test_what_is_no_time_is_none_and_it_is_said_why(text, why):
    style = TimeStyle("Europe/Berlin")
    assert read(moment("t", style), [text]) == [None]
    assert why in read(why_no_time("t", "TIMESTAMP", style), [text])[0]


@given(
    st.lists(st.dates(date(1, 1, 1)) | st.sampled_from(["junk", "epoch", "infinity", "2025-04-05 junk"]), min_size=1)
)
@settings(max_examples=40, deadline=None)
def test_days(given):
    texts = [str(d) for d in given]
    assert read(day("t", TimeStyle()), texts) == [d if isinstance(d, date) else None for d in given]


def test_a_day_has_no_time_of_the_day():
    midnight = datetime.combine(date(2025, 4, 5), time())
    texts = [
        midnight.isoformat(),
        f"{midnight}+02:00",
        "2025-04-05 00:00:01",
        "2025-04-04T24:00",
        "05/04/2025",
        "05/04/25",
    ]
    style = TimeStyle("Europe/Berlin", ("%d/%m/%Y",))
    assert read(day("t", style), texts) == [midnight.date(), midnight.date(), None, None, midnight.date(), None]
    assert "time of the day" in read(why_no_time("t", "DATE", style), texts)[2]


def test_digits_beyond_microseconds_are_cut_where_the_source_says_so():
    texts = ["2026-06-01 10:00:00.123456789Z", "01.06.2026 10:00:00.123456789"]
    for directive in ("%f", "%n"):
        form = f"%d.%m.%Y %H:%M:%S.{directive}"
        assert moments(texts, "UTC", form) == [None, None]
        assert moments(texts, "UTC", form, cut=True) == [datetime(2026, 6, 1, 10, 0, 0, 123456)] * 2


@pytest.mark.parametrize(
    ("form", "text", "expected"),
    [
        ("%d/%m/%y", "05/06/24", datetime(2024, 6, 5)), ("%d/%m/%y", "24-01-02", None), ("%d/%m/%Y", "05/06/24", None),
        ("%Y%m%d", "2025111", None), ("%Y%m%d%H%M", "20250301102", None), ("%d%b%y", "1Mar25", datetime(2025, 3, 1)),
        ("%d/%m/%y", "infinity", None), ("%Y%m%dT%H%M%SZ", "20260601T100000Z", datetime(2026, 6, 1, 10)),
        ("%a %b %d %H:%M:%S %Z %Y", "Mon Jun 01 10:00:00 UTC 2026", datetime(2026, 6, 1, 10)),
        ("%a %b %d %H:%M:%S %Z %Y", "Mon Jun 01 10:00:00 EST 2026", None), ("%a %d.%m.%Y", "Tue 01.06.2026", None),
        ("%Y-%j", "2024-366", datetime(2024, 12, 31)), ("%Y-%j", "2023-366", None), ("%F %T", "2026-06-01 1:02:03",
        datetime(2026, 6, 1, 1, 2, 3)), ("%d.%m.%Y %H:%M", "01.06.2026  7:05 ", datetime(2026, 6, 1, 7, 5)),
    ],
)  # fmt: skip
def test_formats_are_matched_in_whole(form, text, expected):
    assert moments([text], "UTC", form) == [expected]


@pytest.mark.parametrize("sign", [".", ",", ":", "-"])
def test_digits_beyond_microseconds_are_cut_or_told_behind_any_sign(sign):
    form, text = f"%d.%m.%Y %H:%M:%S{sign}%f", f"01.06.2026 10:00:00{sign}1234567"
    assert moments([text, text[:-1], f"{text[:-1]}0"], "UTC", form) == [
        None,
        *2 * [datetime(2026, 6, 1, 10, 0, 0, 123456)],
    ]
    with open_instance() as con:
        style = TimeStyle("UTC", (form,))
        why = why_no_time("t", "TIMESTAMP", style)
        cut = moment("t", TimeStyle("UTC", (form,), cut=True))
        said, read = con.execute(f"select {why}, {cut} from (select ? as t)", [text]).fetchall()[0]
    assert "beyond microseconds" in said and read == datetime(2026, 6, 1, 10, 0, 0, 123456)


@pytest.mark.parametrize("form", ["%H:%M", "%d.%m", "%Y %Q", "%Y %z %Z"])
def test_formats_that_are_none(form):
    with pytest.raises(ValueError, match="format"):
        time_format(form)
