"""Seeded sample of retail sales: order lines as a shop system would export them in CSV.

Only the making of files belongs here. How they are read is said by ``sources.yml``, what a valid row is by
``contracts.py``; neither is imported, so that the sample can disagree with them where it is meant to.

The shape of the data: weekends and the festive months are busy, online trade grows, a few products and
customers make most of the turnover, about 3 % of the lines come back as returns some days later.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from lakehouse_assets.domains import sampling
from lakehouse_assets.domains.sampling import Compression, Defects, SampleSummary

SOURCE = "sales_csv"
SIZE = 200_000
"""Order lines in the usual sample."""
HEADER = (
    "order_id,line_id,sale_time,tenant_id,product_id,product_name,category,customer_id,country,region,city,"
    "channel,quantity,unit_price,currency"
)
#: Ways a line is broken, in the order of their ``kind`` numbers.
BROKEN_KINDS = ("ragged_row", "bad_date", "bad_quantity", "missing_tenant", "missing_order")

CHANNELS = ("STORE", "ONLINE", "MARKETPLACE", "PHONE")
_CHANNEL_MIX_FIRST = np.array([0.58, 0.20, 0.12, 0.10])
_CHANNEL_MIX_LAST = np.array([0.42, 0.32, 0.22, 0.04])

#: category -> (share of the lines, typical unit price in INR, products)
_CATEGORIES: dict[str, tuple[float, float, tuple[str, ...]]] = {
    "Grocery": (0.30, 180, ("Basmati rice, 5 kg", "Mustard oil", "Assam tea", "Jaggery", "Red lentils", "Ghee")),
    "Stationery": (0.17, 90, ("Notebook, ruled", "Gel pen", "Ledger", 'Ruler, 12" steel', "Sticky notes", "Stapler")),
    "Home & Kitchen": (0.16, 650, ("Pressure cooker", 'Tawa, 10" iron', "Steel tumbler", "Water filter", "Bedsheet")),
    "Clothing": (0.15, 850, ("Phulkari dupatta", "Cotton kurta", "Wool shawl", "Turban cloth, 5 m", "Juttis")),
    "Sports": (0.09, 1200, ("Cricket bat", "Hockey stick", "Football", "Badminton set", "Yoga mat")),
    "Electronics": (0.08, 3800, ("LED lamp", "Table fan", "Power bank", "Mixer grinder", "Radio")),
    "Furniture": (0.05, 5200, ("Folding chair", "Study table", "Book shelf", "Charpai")),
}
_VARIANTS = ("", " - small", " - large", " - premium", " - value pack")

#: (country, region, city) and its share of the customers
_PLACES: tuple[tuple[str, str, str, float], ...] = (
    ("India", "Punjab", "Ludhiana", 0.20),
    ("India", "Punjab", "Amritsar", 0.17),
    ("India", "Punjab", "Jalandhar", 0.13),
    ("India", "Punjab", "Patiala", 0.07),
    ("India", "Punjab", "Bathinda", 0.04),
    ("India", "Haryana", "Gurugram", 0.07),
    ("India", "Haryana", "Ambala", 0.04),
    ("India", "Delhi", "New Delhi", 0.10),
    ("India", "Himachal Pradesh", "Shimla", 0.03),
    ("India", "Uttar Pradesh", "Lucknow", 0.05),
    ("India", "Maharashtra", "Mumbai", 0.04),
    ("Nepal", "Bagmati", "Kathmandu", 0.02),
    ("United Arab Emirates", "Dubai", "Dubai", 0.02),
    ("United Kingdom", "England", "Birmingham", 0.02),
)
_WEEKDAY = np.array([0.85, 0.85, 0.9, 0.95, 1.1, 1.35, 1.25])
_MONTH = np.array([0.85, 0.8, 0.95, 1.1, 0.95, 0.85, 0.85, 0.95, 1.05, 1.6, 1.5, 1.05])
#: Sales by hour of the day in UTC; the shops work in UTC+05:30.
_HOUR = np.array([1, 1, 1, 2, 4, 7, 8, 8, 7, 7, 8, 10, 12, 12, 9, 5, 3, 2, 1, 1, 0.5, 0.5, 0.5, 0.5])
_MAX_LINES_PER_ORDER = 8
_RETURN_SHARE = 0.03
_ANONYMOUS_SHARE = 0.12
_RETURN_LINE = 100
_OFFSET = timedelta(hours=5, minutes=30)


def write_sample(
    folder: Path,
    *,
    size: int = SIZE,
    seed: int = 2026,
    first_day: date = sampling.FIRST_DAY,
    last_day: date = sampling.LAST_DAY,
    tenants: tuple[str, ...] = sampling.TENANTS,
    files: int | None = None,
    compression: Compression = "gzip",
    defects: Defects = Defects(),  # noqa: B008 - frozen
) -> SampleSummary:
    """Write ``<folder>/sales_csv/sales_0001.csv.gz`` and so on; return what they hold.

    ``size`` is the exact number of distinct valid order lines, returns among them, all sold between
    ``first_day`` and ``last_day`` (UTC, inclusive). Duplicates and broken lines come on top. The same
    arguments give the same bytes. Memory is bounded by one file, whatever ``size`` is.
    """
    spans = sampling.windows(first_day, last_day, size, files)
    rng = np.random.default_rng(seed)
    maker = _LineMaker(_World(first_day, last_day, len(tenants), spans), rng)
    flow = sampling.Flow(first_day, spans, defects, len(BROKEN_KINDS), rng)
    quotas = sampling.quotas(size, maker.window_weights)
    products = _products()
    tally = sampling.Tally(BROKEN_KINDS)
    written: list[Path] = []
    for number, rows in enumerate(flow.files(quotas, maker.make, maker.renumbered), start=1):
        path = folder / SOURCE / f"sales_{number:04d}.csv{sampling.SUFFIX[compression]}"
        text = _lines(rows, products, first_day, tenants)
        sampling.write_lines(path, text, compression, header=HEADER)
        tally.add(rows)
        written.append(path)
    return tally.summary({SOURCE: tuple(written)})


@dataclass(frozen=True)
class _World:
    """What does not change while a sample is made."""

    first_day: date
    last_day: date
    tenants: int
    spans: list[tuple[date, date]]

    @property
    def seconds(self) -> int:
        """Length of the whole sample."""
        return ((self.last_day - self.first_day).days + 1) * 86_400

    def day_weights(self, span: tuple[date, date]) -> np.ndarray:
        """Expected orders per day of a window, up to a factor."""
        days = [span[0] + timedelta(days=i) for i in range((span[1] - span[0]).days + 1)]
        weekday = _WEEKDAY[[day.weekday() for day in days]]
        month = _MONTH[[day.month - 1 for day in days]]
        growth = 1.0 + 0.3 * np.array([(day - self.first_day).days for day in days]) / 365.0
        return weekday * month * growth


class _LineMaker:
    """Makes order lines, a window's orders at a time."""

    def __init__(self, world: _World, rng: np.random.Generator) -> None:
        self._world, self._rng = world, rng
        self._weights = [world.day_weights(span) for span in world.spans]
        self._next_order = 1

    @property
    def window_weights(self) -> np.ndarray:
        """How busy each window is, up to a factor."""
        return np.array([weights.sum() for weights in self._weights])

    def make(self, number: int, count: int) -> pl.DataFrame:
        """About ``count`` lines, sold and returned, of orders placed in window ``number``."""
        return self._orders(number, self._weights[number], count=count // 2 + 16)

    def renumbered(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows with order numbers never used before."""
        first = self._next_order
        self._next_order += rows.height
        return rows.with_columns(order_no=pl.int_range(first, first + rows.height, dtype=pl.Int64))

    def _orders(self, number: int, weights: np.ndarray, count: int) -> pl.DataFrame:
        """Lines of ``count`` orders placed in a window, then their returns: an order's lines together."""
        rng, world = self._rng, self._world
        day = rng.choice(len(weights), count, p=weights / weights.sum())
        day += (world.spans[number][0] - world.first_day).days
        hour = rng.choice(24, count, p=_HOUR / _HOUR.sum())
        placed = np.sort(day * 86_400 + hour * 3600 + rng.integers(0, 3600, count))
        placed = rng.permutation(placed)
        size = np.minimum(rng.geometric(0.4, count), _MAX_LINES_PER_ORDER)
        order = np.repeat(np.arange(count), size)
        line = np.arange(len(order)) - np.repeat(np.cumsum(size) - size, size) + 1
        bought = self._lines(placed, order, line)
        back = self._returns(bought)
        self._next_order += count
        return pl.concat([bought, back]).sort("order_no", "line_no")

    def _lines(self, placed: np.ndarray, order: np.ndarray, line: np.ndarray) -> pl.DataFrame:
        rng, count = self._rng, len(placed)
        place_share = np.array([share for *_, share in _PLACES])
        tenant_share = 1.0 / np.arange(1, self._world.tenants + 1) ** 0.5
        product_share = _product_shares()
        customer = (rng.pareto(1.1, count) * 40).astype(np.int64) % 9000 + 1
        customer = np.where(rng.random(count) < _ANONYMOUS_SHARE, 0, customer)
        per_order = {
            "seconds": placed,
            "order_no": np.arange(self._next_order, self._next_order + count),
            "tenant": rng.choice(self._world.tenants, count, p=tenant_share / tenant_share.sum()),
            "customer": customer,
            # A known customer always lives in the same place.
            "place": np.where(
                customer > 0,
                np.searchsorted(np.cumsum(place_share), (customer * 0.6180339887) % 1.0).clip(max=len(_PLACES) - 1),
                rng.choice(len(_PLACES), count, p=place_share / place_share.sum()),
            ),
            "channel": sampling.moving_mix(placed / self._world.seconds, _CHANNEL_MIX_FIRST, _CHANNEL_MIX_LAST, rng),
        }
        columns = {name: values[order].astype(np.int64) for name, values in per_order.items()}
        return pl.DataFrame(
            columns
            | {
                "line_no": line.astype(np.int64),
                "product": rng.choice(len(product_share), len(order), p=product_share).astype(np.int64),
                "quantity": np.minimum(rng.geometric(0.45, len(order)), 24).astype(np.int64),
                "discount": rng.choice([0, 0, 0, 5, 10, 20], len(order)).astype(np.int64),
            }
        )

    def _returns(self, bought: pl.DataFrame) -> pl.DataFrame:
        """Some of the lines again with negative quantity, 1 to 30 days later, within the sample's time."""
        back = bought.filter(pl.Series(self._rng.random(bought.height) < _RETURN_SHARE))
        delay = pl.Series(self._rng.integers(86_400, 30 * 86_400, back.height))
        back = back.with_columns(
            seconds=pl.col("seconds") + delay,
            line_no=pl.col("line_no") + _RETURN_LINE,
            quantity=-pl.col("quantity"),
        )
        return back.filter(pl.col("seconds") < self._world.seconds)


def _products() -> pl.DataFrame:
    """All products: id, name as it stands in CSV, category and price in hundredths."""
    rows = [
        (name + variant, category, round(price * (0.6 + 0.17 * i) * (0.7 + 0.3 * v)) * 100 - 1)
        for category, (_, price, names) in _CATEGORIES.items()
        for i, name in enumerate(names)
        for v, variant in enumerate(_VARIANTS)
    ]
    return pl.DataFrame(
        {
            "product": np.arange(len(rows)),
            "product_id": [f"P{number:04d}" for number in range(1, len(rows) + 1)],
            "product_name": [_quoted(name) for name, _, _ in rows],
            "category": [category for _, category, _ in rows],
            "list_price": [price for _, _, price in rows],
        }
    )


def _product_shares() -> np.ndarray:
    """How often each product of :func:`_products` is sold, adding up to 1."""
    parts = []
    for share, _, names in _CATEGORIES.values():
        within = 1.0 / np.arange(1, len(names) * len(_VARIANTS) + 1) ** 0.8
        parts.append(share * within / within.sum())
    shares = np.concatenate(parts)
    return shares / shares.sum()


def _quoted(text: str) -> str:
    """A CSV field, quoted where it must be."""
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"') else text


def _lines(rows: pl.DataFrame, products: pl.DataFrame, first_day: date, tenants: tuple[str, ...]) -> pl.Series:
    """The CSV line of each row, spoiled where its kind says so."""
    kind = {name: pl.col("kind") == sampling.FIRST_BROKEN_KIND + i for i, name in enumerate(BROKEN_KINDS)}
    known = rows.join(products, on="product", how="left", maintain_order="left")
    countries, regions, cities = ([str(place[i]) for place in _PLACES] for i in range(3))
    sold_at = pl.lit(first_day).cast(pl.Datetime("ms")) + pl.duration(seconds="seconds") + _OFFSET
    # A correction is a price put right.
    correction = (pl.col("kind") == sampling.CORRECTED_COPY).cast(pl.Int64) * 100
    cents = pl.col("list_price") * (100 - pl.col("discount")) // 100 + correction
    fields = [
        _unless(kind["missing_order"], pl.format("SO-{}", sampling.digits(pl.col("order_no"), 8))),
        pl.col("line_no").cast(pl.String),
        pl.when(kind["bad_date"])
        .then(pl.lit("31/02/2026 99:00"))
        .otherwise(pl.format("{}+05:30", sold_at.dt.strftime("%Y-%m-%dT%H:%M:%S"))),
        _unless(kind["missing_tenant"], sampling.label("tenant", tenants)),
        pl.col("product_id"),
        pl.col("product_name"),
        pl.col("category"),
        _unless(pl.col("customer") == 0, pl.format("C{}", sampling.digits(pl.col("customer"), 5))),
        sampling.label("place", countries),
        sampling.label("place", regions),
        sampling.label("place", cities),
        sampling.label("channel", CHANNELS),
        pl.when(kind["bad_quantity"]).then(pl.lit("a few")).otherwise(pl.col("quantity").cast(pl.String)),
        pl.format("{}.{}", cents // 100, sampling.digits(cents % 100, 2)),
        pl.lit("INR"),
    ]
    line = pl.concat_str(fields, separator=",")
    ragged = pl.when(kind["ragged_row"]).then(pl.format("{},surplus,fields", line)).otherwise(line)
    return known.select(line=ragged).to_series()


def _unless(condition: pl.Expr, value: pl.Expr) -> pl.Expr:
    """The value, or an empty field."""
    return pl.when(condition).then(pl.lit("")).otherwise(value)
