"""What is true in the sample's world of stores: places, stores, products, receipts and events, window by window.

Everything follows from the seed and a running number, so that any window can be made alone and each source of the
sample agrees with the others. How records are written, and spoiled, belongs to ``sample.py``.

Times are seconds since the beginning of the first day in the stores' own time, money is in hundredths; -1 stands for
what there is none of.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import polars as pl

from lakehouse_assets.domains import sampling
from lakehouse_assets.domains.sampling import uniform

DAY = 86_400

PLACES = (
    ("PH-133901001", "Tondo", "Manila", "Metro Manila", "NCR"),
    ("PH-133902002", "Sampaloc", "Manila", "Metro Manila", "NCR"),
    ("PH-137404003", "Batasan Hills", "Quezon City", "Metro Manila", "NCR"),
    ("PH-137404004", "Commonwealth", "Quezon City", "Metro Manila", "NCR"),
    ("PH-137602005", "Poblacion", "Makati", "Metro Manila", "NCR"),
    ("PH-035401006", "Balibago", "Angeles", "Pampanga", "Central Luzon"),
    ("PH-035416007", "Dolores", "San Fernando", "Pampanga", "Central Luzon"),
    ("PH-031410008", "Malanday", "Malolos", "Bulacan", "Central Luzon"),
    ("PH-045802009", "Mayamot", "Antipolo", "Rizal", "Calabarzon"),
    ("PH-042106010", "Molino", "Bacoor", "Cavite", "Calabarzon"),
    ("PH-043404011", "Real", "Calamba", "Laguna", "Calabarzon"),
    ("PH-072217012", "Lahug", "Cebu City", "Cebu", "Central Visayas"),
    ("PH-072217013", "Guadalupe", "Cebu City", "Cebu", "Central Visayas"),
    ("PH-071242014", "Cogon", "Tagbilaran", "Bohol", "Central Visayas"),
    ("PH-112402015", "Buhangin", "Davao City", "Davao del Sur", "Davao"),
    ("PH-112402016", "Talomo", "Davao City", "Davao del Sur", "Davao"),
)
STORE_TYPES = ("SARI_SARI", "CARINDERIA", "MINIMART")
PAYMENTS = ("CASH", "GCASH", "LISTA")
BRANDS = ("Alon", "Bagwis", "Himig", "Lakas", "Sinag", "Tala")
#: category -> (share of the lines in the morning, in the evening, typical price in hundredths, names)
CATEGORIES: dict[str, tuple[float, float, int, tuple[str, ...]]] = {
    "Beverages": (0.20, 0.30, 2_000, ("Cola 290 ml", "Juice 200 ml", "Bottled water 500 ml")),
    "Coffee": (0.24, 0.08, 900, ("3-in-1 coffee 20 g", "Black coffee 10 g")),
    "Snacks": (0.14, 0.24, 800, ("Corn chips 25 g", "Biscuits 30 g", "Peanuts 30 g")),
    "Noodles": (0.14, 0.12, 1_200, ("Chicken noodles 55 g", "Beef noodles 55 g")),
    "Canned goods": (0.12, 0.10, 2_600, ("Sardines 155 g", "Corned beef 150 g")),
    "Personal care": (0.08, 0.09, 1_000, ("Shampoo sachet 12 ml", "Bath soap 60 g", "Toothpaste 22 g")),
    "Household": (0.08, 0.07, 1_400, ("Detergent 70 g", "Dish soap 40 ml")),
}
NAMES = [name for *_, names in CATEGORIES.values() for name in names]
DEVICE_KINDS = ("MOBILE", "SENSOR")
MOBILE, SENSOR = range(2)
EVENT_TYPES = ("VISITORS", "OUT_OF_STOCK", "SHELF_SCAN", "APP_ORDER")
VISITORS, OUT_OF_STOCK, SHELF_SCAN, APP_ORDER = range(4)
DOCUMENT_TYPES = ("DELIVERY_RECEIPT", "SUPPLIER_INVOICE", "STOCK_COUNT")
SUPPLIERS = ("Luzon Trading", "Island Goods", "Mindanao Wholesale")

_WEEKDAY = np.array([0.95, 0.92, 0.95, 1.0, 1.1, 1.2, 1.15])
#: Wages are paid on the 15th and the last day of a month.
_PAYDAY = 1.45
_HOUR = np.array([0, 0, 0, 0, 1, 4, 8, 9, 7, 5, 5, 7, 8, 5, 4, 5, 7, 10, 11, 9, 6, 3, 1, 0], dtype=float)
_DOOR_HOURS = (9, 12, 16, 19)
_MAX_LINES = 7
_SUBSTITUTED = 0.07
_VOID = 0.004
#: Share of the products that are never reported; of so many stores one is reported only after it has sold.
_LOST_PRODUCTS = 0.01
_LATE_STORES = 11


@dataclass
class World:
    """The world of one sample; the methods ending in ``_records`` give what a source reports of a window."""

    seed: int
    size: int
    first_day: date
    last_day: date
    tenants: int
    spans: list[tuple[date, date]]
    _window: tuple[int, pl.DataFrame] | None = field(default=None, repr=False)

    @property
    def seconds(self) -> int:
        """Length of the whole sample."""
        return ((self.last_day - self.first_day).days + 1) * DAY

    @cached_property
    def stores(self) -> int:
        """Number of stores."""
        return int(np.clip(self.size // 300, 12, 20_000))

    @cached_property
    def products(self) -> int:
        """Number of products each tenant sells: every name by every brand, and more of them in large samples."""
        return len(NAMES) * len(BRANDS) * int(np.clip(self.size // 200_000, 1, 50))

    # --- what does not depend on time

    @cached_property
    def _catalogue(self) -> dict[str, np.ndarray]:
        product = np.arange(self.products)
        name = product % len(NAMES)
        category = np.repeat(np.arange(len(CATEGORIES)), [len(names) for *_, names in CATEGORIES.values()])[name]
        typical = np.array([price for *_, price, _ in CATEGORIES.values()])
        price = np.round(typical[category] * (0.7 + 0.8 * uniform(product, 21)) / 25).astype(np.int64) * 25
        brand = product // len(NAMES) % len(BRANDS)
        # A few brands are asked for most, so a few products of each category make most of its sales.
        weight = 1.0 / (1 + brand) ** 0.9 * (0.5 + uniform(product, 22)) / (1 + product // (len(NAMES) * len(BRANDS)))
        return {"name": name, "category": category, "brand": brand, "price": np.maximum(price, 100), "weight": weight}

    @cached_property
    def _of_category(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Products of each category, and how often each is taken, adding up to 1."""
        found = []
        for category in range(len(CATEGORIES)):
            products = np.nonzero(self._catalogue["category"] == category)[0]
            weight = self._catalogue["weight"][products]
            found.append((products, weight / weight.sum()))
        return found

    @cached_property
    def _store_share(self) -> np.ndarray:
        share = (0.3 + uniform(np.arange(self.stores), 31)) / np.arange(1, self.stores + 1) ** 0.35
        return share / share.sum()

    def tenant_of(self, stores: np.ndarray) -> np.ndarray:
        """The company that runs a store."""
        return (uniform(stores, 32) ** 1.4 * self.tenants).astype(np.int64)

    def has_sensor(self, stores: np.ndarray) -> np.ndarray:
        """Whether people are counted at the door of a store."""
        return uniform(stores, 33) < 0.45

    # --- things, reported once and whenever they change

    def location_records(self, number: int) -> pl.DataFrame:
        """Every place for every tenant, at the beginning."""
        tenant, place = np.divmod(np.arange(self.tenants * len(PLACES) if number == 0 else 0), len(PLACES))
        at = np.zeros(len(place), dtype=np.int64)
        return pl.DataFrame({"seconds": at, "tenant": tenant, "place": place, "entry": place})

    def store_records(self, number: int) -> pl.DataFrame:
        """Stores when they are reported, and again when they become another kind of store."""
        store = np.arange(self.stores)
        late = store % _LATE_STORES == 5
        reported = np.where(late, np.floor(uniform(store, 35) * 0.6 * self.seconds), 0).astype(np.int64)
        changed = np.floor((0.6 + 0.4 * uniform(store, 36)) * self.seconds).astype(np.int64)
        changes = uniform(store, 37) < 0.05
        who = np.concatenate([store, store[changes]])
        at = np.concatenate([reported, changed[changes]])
        grown = np.repeat([0, 1], [len(store), int(changes.sum())])
        kind = (uniform(who, 38) ** 1.6 * len(STORE_TYPES)).astype(np.int64)
        return self._begun(number, {
            "seconds": at, "tenant": self.tenant_of(who), "store": who, "type": (kind + grown) % len(STORE_TYPES),
            "place": (uniform(who, 39) ** 1.3 * len(PLACES)).astype(np.int64),
            "opened": -np.floor(uniform(who, 40) * 3000).astype(np.int64) * DAY,
        })  # fmt: skip

    def product_records(self, number: int) -> pl.DataFrame:
        """Products of every tenant at the beginning, and again when their price changes."""
        tenant, product = np.divmod(np.arange(self.tenants * self.products), self.products)
        known = uniform(product, 23) >= _LOST_PRODUCTS
        tenant, product = tenant[known], product[known]
        changes = uniform(product, 24) < 0.1
        at = np.floor((0.2 + 0.8 * uniform(product, 25)) * self.seconds).astype(np.int64)
        who, of = np.concatenate([product, product[changes]]), np.concatenate([tenant, tenant[changes]])
        raised = np.repeat([0, 1], [len(product), int(changes.sum())])
        return self._begun(number, {
            "seconds": np.concatenate([np.zeros(len(product), dtype=np.int64), at[changes]]), "tenant": of,
            "product": who, "name": self._catalogue["name"][who], "category": self._catalogue["category"][who],
            "brand": self._catalogue["brand"][who], "price": self._catalogue["price"][who] + 50 * raised,
        })  # fmt: skip

    def _begun(self, number: int, columns: dict[str, np.ndarray]) -> pl.DataFrame:
        """The rows that begin in a window."""
        return pl.DataFrame(columns).filter(
            pl.col("seconds").is_between(self._edge(number), self._edge(number + 1), "left")
        )

    def _edge(self, number: int) -> int:
        return self.seconds if number >= len(self.spans) else (self.spans[number][0] - self.first_day).days * DAY

    # --- receipts

    @cached_property
    def _weights(self) -> list[np.ndarray]:
        return [self._day_weights(*span) for span in self.spans]

    @cached_property
    def _first_receipts(self) -> np.ndarray:
        """Number of the first receipt of each window, and one past the last."""
        quotas = sampling.quotas(self.size, np.array([weights.sum() for weights in self._weights]))
        return np.concatenate([[0], np.cumsum(quotas)])

    def _day_weights(self, first: date, last: date) -> np.ndarray:
        days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
        weekday = _WEEKDAY[[day.weekday() for day in days]]
        payday = np.array([_PAYDAY if day.day == 15 or (day + timedelta(days=1)).day == 1 else 1.0 for day in days])
        growth = 1.0 + 0.25 * np.array([(day - self.first_day).days for day in days]) / 365.0
        return weekday * payday * growth

    def line_records(self, number: int) -> pl.DataFrame:
        """Lines of the receipts of a window."""
        if self._window is None or self._window[0] != number:
            self._window = number, self._lines(number)
        return self._window[1]

    def _lines(self, number: int) -> pl.DataFrame:
        rng = np.random.default_rng([self.seed, 2, number])
        first, last = self._first_receipts[number : number + 2]
        count, weights = int(last - first), self._weights[number]
        day = np.sort(rng.choice(len(weights), count, p=weights / weights.sum())) + self._edge(number) // DAY
        hour = rng.choice(24, count, p=_HOUR / _HOUR.sum())
        store = rng.choice(self.stores, count, p=self._store_share)
        # A store knows some fifty of its customers; a few of them come often.
        regular = np.minimum((rng.random(count) ** 2 * 50).astype(np.int64), 49)
        receipts = {
            "seconds": day * DAY + hour * 3600 + rng.integers(0, 3600, count),
            "receipt": np.arange(first, last), "store": store, "tenant": self.tenant_of(store),
            "customer": np.where(rng.random(count) < 0.35, store * 50 + regular, -1),
            "payment": sampling.moving_mix(
                day * DAY / self.seconds, np.array([0.72, 0.12, 0.16]), np.array([0.6, 0.26, 0.14]), rng
            ),
        }  # fmt: skip
        size = np.minimum(rng.geometric(0.45, count), _MAX_LINES)
        of = np.repeat(np.arange(count), size)
        line = np.arange(len(of)) - np.repeat(np.cumsum(size) - size, size) + 1
        morning, evening = (np.array([share[i] for share in CATEGORIES.values()]) for i in (0, 1))
        category = sampling.moving_mix(hour[of] / 23, morning / morning.sum(), evening / evening.sum(), rng)
        product, asked = self._taken(category, rng), self._taken(category, rng)
        replaced = (rng.random(len(of)) < _SUBSTITUTED) & (asked != product)
        quantity = np.where(rng.random(len(of)) < _VOID, 0, np.minimum(rng.geometric(0.6, len(of)), 12))
        price = self._catalogue["price"][product]
        discount = np.where(rng.random(len(of)) < 0.06, quantity * price // 10, 0)
        return pl.DataFrame(
            {name: values[of].astype(np.int64) for name, values in receipts.items()}
            | {
                "line": line.astype(np.int64),
                "product": product,
                "asked": np.where(replaced, asked, -1),
                "quantity": quantity,
                "price": price,
                "discount": discount,
            }
        )

    def _taken(self, category: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A product of each category, drawn as often as it is taken."""
        taken = np.zeros(len(category), dtype=np.int64)
        for code, (products, share) in enumerate(self._of_category):
            mine = np.nonzero(category == code)[0]
            taken[mine] = rng.choice(products, len(mine), p=share)
        return taken

    # --- what apps, sensors and suppliers report

    def event_records(self, number: int) -> pl.DataFrame:
        """Counts at the doors, products missed, shelves scanned and orders by app, in a window."""
        rng = np.random.default_rng([self.seed, 3, number])
        lines = self.line_records(number)
        missed = lines.filter((pl.col("asked") >= 0) & pl.Series(rng.random(lines.height) < 0.5)).select(
            "seconds", "tenant", "store", "customer", product="asked",
            type=pl.lit(OUT_OF_STOCK, pl.Int64), device=pl.lit(MOBILE, pl.Int64), amount=pl.lit(1, pl.Int64),
        )  # fmt: skip
        first_lines = lines.filter((pl.col("line") == 1) & pl.Series(rng.random(lines.height) < 0.12))
        by_app = first_lines.select(
            "seconds", "tenant", "store", "customer", "product",
            type=pl.Series(rng.choice([SHELF_SCAN, APP_ORDER], first_lines.height, p=[0.7, 0.3])),
            device=pl.lit(MOBILE, pl.Int64), amount=pl.lit(1, pl.Int64),
        )  # fmt: skip
        events = pl.concat([missed, by_app, self._counts(number, lines, rng)], how="diagonal")
        return events.with_columns(event=number * 100_000_000 + pl.int_range(pl.len(), dtype=pl.Int64))

    def _counts(self, number: int, lines: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
        """People counted at each door four times a day: more than buy, by chance."""
        store = np.arange(self.stores)
        store = store[self.has_sensor(store)]
        days = np.arange(self._edge(number) // DAY, self._edge(number + 1) // DAY)
        grid = np.array(np.meshgrid(days, _DOOR_HOURS, store)).reshape(3, -1).astype(np.int64)
        per_day = lines["receipt"].n_unique() / max(len(days), 1) * self._store_share[grid[2]]
        return pl.DataFrame({
            "seconds": grid[0] * DAY + grid[1] * 3600 + 3599, "tenant": self.tenant_of(grid[2]), "store": grid[2],
            "customer": np.full(grid.shape[1], -1), "product": np.full(grid.shape[1], -1),
            "type": np.full(grid.shape[1], VISITORS), "device": np.full(grid.shape[1], SENSOR),
            "amount": rng.poisson(per_day * 1.7 / len(_DOOR_HOURS) + 0.4),
        })  # fmt: skip

    def document_records(self, number: int) -> pl.DataFrame:
        """A delivery to each store every week, an invoice and a stock count every four weeks."""
        store, week = np.divmod(np.arange(self.stores * (self.seconds // (7 * DAY) + 1)), self.seconds // (7 * DAY) + 1)
        parts = []
        for kind in range(len(DOCUMENT_TYPES)):
            mine = (week % 4 == kind) if kind else np.ones(len(week), dtype=bool)
            who, when = store[mine], week[mine]
            number_of = (who * 1000 + when) * 10 + kind
            at = when * 7 * DAY + (who % 2) * 3 * DAY + 6 * 3600 + (uniform(number_of, 51) * 5 * 3600).astype(np.int64)
            amount = self._store_share[who] * self.size / max(self.seconds / DAY, 1) * 7 * 2_500
            parts.append(self._begun(number, {
                "seconds": at, "tenant": self.tenant_of(who), "store": who, "document": number_of,
                "type": np.full(len(who), kind), "supplier": who % len(SUPPLIERS),
                "amount": (amount * (0.8 + 0.5 * uniform(number_of, 52))).astype(np.int64) + 5_000,
            }))  # fmt: skip
        return pl.concat(parts).filter(pl.col("seconds") < self.seconds)
