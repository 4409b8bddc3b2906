"""What is true in the sample's world of online shops: accounts, catalogue, orders and visits, window by window.

Everything follows from the seed and a running number, so that any window can be made alone and each source of the
sample agrees with the others. How records are written, and spoiled, belongs to ``sample.py``.

Times are seconds since the first day, money is in hundredths; -1 stands for what there is none of.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import polars as pl

from lakehouse_assets.domains import sampling
from lakehouse_assets.domains.feeds import BEYOND
from lakehouse_assets.domains.sampling import uniform

DAY = 86_400

CHANNELS = ("WEB", "APP", "MARKETPLACE", "PHONE")
_CHANNEL_FIRST = np.array([0.52, 0.27, 0.15, 0.06])
_CHANNEL_LAST = np.array([0.34, 0.48, 0.15, 0.03])
DEVICES = ("MOBILE", "DESKTOP", "TABLET")
TRAFFIC = ("SEARCH", "DIRECT", "SOCIAL", "EMAIL", "ADS")
_TRAFFIC_SHARE = np.array([0.36, 0.27, 0.15, 0.10, 0.12])
METHODS = ("UPI", "CREDIT_CARD", "DEBIT_CARD", "CASH_ON_DELIVERY", "WALLET")
_METHOD_SHARE = np.array([0.41, 0.24, 0.13, 0.14, 0.08])
STATUSES = ("PLACED", "PAID", "SHIPPED", "DELIVERED", "CANCELLED")
PLACED, PAID, SHIPPED, DELIVERED, CANCELLED = range(5)
EVENT_TYPES = ("PAGE_VIEW", "SEARCH", "VIEW_PRODUCT", "ADD_TO_CART", "REMOVE_FROM_CART", "CHECKOUT", "PURCHASE")
PAGE, SEARCH, VIEW, CART, UNCART, CHECKOUT, PURCHASE = range(7)
SEGMENTS = ("CONSUMER", "BUSINESS")
TIERS = ("NONE", "SILVER", "GOLD")
PLACES = (
    ("India", "Punjab", "Ludhiana"), ("India", "Punjab", "Amritsar"), ("India", "Punjab", "Jalandhar"),
    ("India", "Punjab", "Patiala"), ("India", "Haryana", "Gurugram"), ("India", "Delhi", "New Delhi"),
    ("India", "Maharashtra", "Mumbai"), ("India", "Karnataka", "Bengaluru"), ("Nepal", "Bagmati", "Kathmandu"),
    ("United Arab Emirates", "Dubai", "Dubai"),
)  # fmt: skip

#: category -> (share of the catalogue, typical price in hundredths, share of the lines that come back, names)
_CATEGORIES: dict[str, tuple[float, int, float, tuple[str, ...]]] = {
    "Clothing": (0.28, 89_900, 0.14, ("Kurta", "Dupatta", "Jeans", "Jacket", "T-shirt")),
    "Electronics": (0.16, 349_900, 0.05, ("Headphones", "Power bank", "Smart watch", "Speaker")),
    "Home & Kitchen": (0.22, 64_900, 0.04, ("Pressure cooker", "Bedsheet", "Lamp", "Steel bottle", "Curtain")),
    "Beauty": (0.14, 39_900, 0.02, ("Face wash", "Hair oil", "Perfume")),
    "Books": (0.12, 29_900, 0.02, ("Novel", "Cookbook", "Atlas")),
    "Sports": (0.08, 119_900, 0.05, ("Cricket bat", "Yoga mat", "Football")),
}
_BRANDS = ("Sutlej", "Chenab", "Ravi", "Beas", "Jhelum", "Own brand")
_RETURN_SHARE = np.array([share for _, _, share, _ in _CATEGORIES.values()])

_WEEKDAY = np.array([0.92, 0.9, 0.92, 0.98, 1.05, 1.14, 1.2])
_MONTH = np.array([0.9, 0.85, 0.95, 0.95, 0.9, 0.9, 0.95, 1.0, 1.05, 1.5, 1.35, 1.15])
#: Days of sales, by month and day, and how much busier they are.
_SALE_DAYS = {(10, 18): 2.2, (10, 19): 2.6, (10, 20): 2.4, (11, 28): 2.5, (1, 26): 1.8}
#: Orders by hour of the day in UTC; the shoppers live in UTC+05:30.
_HOUR = np.array([4, 5, 6, 7, 7, 7, 7, 6, 6, 6, 7, 7, 7, 8, 10, 12, 12, 9, 5, 3, 1, 1, 1, 2], dtype=float)

_FIRST_ACCOUNTS = 0.3
_MAX_LINES = 6
_BROWSING_PER_ORDER = 2.2
#: Shares of orders, accounts and lines that name something never reported.
_LOST = 0.0015
_UNKNOWN_PRODUCT = 0.001
_CANCEL_SHARE = 0.045


def catalogue_names() -> tuple[list[str], list[str], tuple[str, ...]]:
    """Names of products, of categories and of brands, by their codes."""
    return [name for *_, names in _CATEGORIES.values() for name in names], list(_CATEGORIES), _BRANDS


@dataclass
class World:
    """The world of one sample; the methods ending in ``_records`` give what a source reports of a window."""

    seed: int
    size: int
    first_day: date
    last_day: date
    tenants: int
    spans: list[tuple[date, date]]
    _window: tuple[int, pl.DataFrame, pl.DataFrame] | None = field(default=None, repr=False)

    @property
    def seconds(self) -> int:
        """Length of the whole sample."""
        return ((self.last_day - self.first_day).days + 1) * DAY

    @cached_property
    def accounts(self) -> int:
        """Number of accounts there will be at the end."""
        return max(20, round(self.size * 0.4))

    @cached_property
    def products(self) -> int:
        """Number of products each tenant sells."""
        return int(np.clip(self.size // 60, 40, 20_000))

    @cached_property
    def _weights(self) -> list[np.ndarray]:
        return [self._day_weights(*span) for span in self.spans]

    @cached_property
    def _first_orders(self) -> np.ndarray:
        """Number of the first order of each window, and one past the last."""
        quotas = sampling.quotas(self.size, np.array([weights.sum() for weights in self._weights]))
        return np.concatenate([[0], np.cumsum(quotas)])

    def _day_weights(self, first: date, last: date) -> np.ndarray:
        days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
        weekday = _WEEKDAY[[day.weekday() for day in days]]
        month = _MONTH[[day.month - 1 for day in days]]
        sale = np.array([_SALE_DAYS.get((day.month, day.day), 1.0) for day in days])
        growth = 1.0 + 0.4 * np.array([(day - self.first_day).days for day in days]) / 365.0
        return weekday * month * sale * growth

    # --- accounts

    def _known_accounts(self, seconds: np.ndarray) -> np.ndarray:
        """How many accounts there are at a time: some from the start, the others evenly."""
        return self.accounts * (_FIRST_ACCOUNTS + (1 - _FIRST_ACCOUNTS) * seconds / self.seconds)

    def tenant_of(self, accounts: np.ndarray) -> np.ndarray:
        """The shop an account is with; the first shop is the largest."""
        share = 1.0 / np.arange(1, self.tenants + 1) ** 0.5
        return np.searchsorted(np.cumsum(share / share.sum()), uniform(accounts, 1)).clip(max=self.tenants - 1)

    def customer_records(self, number: int) -> pl.DataFrame:
        """Accounts opened in a window, and all that later becomes of them."""
        edges = [0 if number == 0 else self._edge(number), self._edge(number + 1)]
        first, last = (self.accounts if e >= self.seconds else int(self._known_accounts(np.array(e))) for e in edges)
        account = np.arange(0 if number == 0 else first, last)
        opened = (account / self.accounts - _FIRST_ACCOUNTS) / (1 - _FIRST_ACCOUNTS) * self.seconds
        opened = np.where(opened < 0, account % 3600, opened)
        # Up to two changes each: a removal, then a better tier; some people open a second account.
        versions = [np.zeros(len(account)), *(self._change(account, opened, salt) for salt in (11, 12))]
        at = np.stack([opened, *versions[1:]], axis=1)
        kept = np.isfinite(at) & (at < self.seconds) & (uniform(account, 2) >= _LOST)[:, None]
        who, version = np.nonzero(kept)
        moved, promoted = version == 1, version == 2
        place = (uniform(account, 3) ** 1.7 * len(PLACES)).astype(np.int64)
        tier = (uniform(account, 4) ** 2 * 2).astype(np.int64)
        moves_first = at[who, 1] <= at[who, 2]
        person = np.where(uniform(account, 5) < 0.03, np.maximum(account - 7, 0), account)
        return pl.DataFrame(
            {
                "seconds": at[who, version].astype(np.int64),
                "tenant": self.tenant_of(account)[who],
                "customer": account[who],
                "person": person[who] * 10 + self.tenant_of(account)[who],
                "segment": (uniform(account, 6) < 0.12).astype(np.int64)[who],
                "tier": (tier[who] + (promoted | (moved & ~moves_first & np.isfinite(at[who, 2])))).clip(max=2),
                "place": (place[who] + 3 * (moved | (promoted & moves_first & np.isfinite(at[who, 1])))) % len(PLACES),
                "consent": (uniform(account, 7) < 0.6)[who],
            }
        )

    def _change(self, account: np.ndarray, opened: np.ndarray, salt: int) -> np.ndarray:
        """When a change happens to each account: never (infinity) for most."""
        later = opened + DAY + uniform(account, salt) * 200 * DAY
        return np.where(uniform(account, salt + 10) < 0.12, np.floor(later), np.inf)

    def _edge(self, number: int) -> int:
        return self.seconds if number >= len(self.spans) else (self.spans[number][0] - self.first_day).days * DAY

    # --- catalogue

    @cached_property
    def _catalogue(self) -> dict[str, np.ndarray]:
        """Of each product its codes; of its four prices, from when they hold, the price and the cost."""
        rng = np.random.default_rng([self.seed, 1])
        share = np.array([s for s, *_ in _CATEGORIES.values()])
        category = np.sort(rng.choice(len(share), self.products, p=share / share.sum()))
        counts = np.array([len(names) for *_, names in _CATEGORIES.values()])
        typical = np.array([price for _, price, *_ in _CATEGORIES.values()])
        base = typical[category] * rng.lognormal(0.0, 0.45, self.products)
        changes = np.sort(rng.uniform(0.02, 2.2, (self.products, 3)), axis=1) * self.seconds
        steps = np.concatenate([np.ones((self.products, 1)), rng.uniform(0.9, 1.14, (self.products, 3))], axis=1)
        price = np.round(base[:, None] * np.cumprod(steps, axis=1) / 100).astype(np.int64) * 100
        return {
            "category": category,
            "name": np.cumsum(counts)[category]
            - counts[category]
            + rng.integers(0, 10_000, self.products) % counts[category],
            "brand": rng.integers(0, len(_BRANDS), self.products),
            "from": np.concatenate([np.zeros((self.products, 1)), np.floor(changes)], axis=1).astype(np.int64),
            "price": price,
            "cost": np.round(price * rng.uniform(0.45, 0.8, (self.products, 1))).astype(np.int64),
        }

    def product_records(self, number: int) -> pl.DataFrame:
        """The prices of every shop's products that begin to hold in a window."""
        known = self._catalogue
        begins, ends = (-1 if number == 0 else self._edge(number)), self._edge(number + 1)
        product, version = np.nonzero((known["from"] >= begins) & (known["from"] < ends))
        tenant = np.tile(np.arange(self.tenants), len(product))
        product, version = np.repeat(product, self.tenants), np.repeat(version, self.tenants)
        return pl.DataFrame(
            {
                "seconds": known["from"][product, version],
                "tenant": tenant,
                "product": product,
                "name": known["name"][product],
                "category": known["category"][product],
                "brand": known["brand"][product],
                "price": known["price"][product, version],
                "cost": known["cost"][product, version],
                "active": version < 3,
            }
        )

    # --- orders

    def _made(self, number: int) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The orders placed in a window, and their lines."""
        if self._window is None or self._window[0] != number:
            rng = np.random.default_rng([self.seed, 2, number])
            orders = self._orders(number, rng)
            self._window = (number, orders, self._lines(orders, rng))
        return self._window[1:]

    def _orders(self, number: int, rng: np.random.Generator) -> pl.DataFrame:
        weights, count = self._weights[number], int(np.diff(self._first_orders)[number])
        day = rng.choice(len(weights), count, p=weights / weights.sum()) + self._edge(number) // DAY
        ordered = np.sort(
            day * DAY + rng.choice(24, count, p=_HOUR / _HOUR.sum()) * 3600 + rng.integers(0, 3600, count)
        )
        account = (self._known_accounts(ordered) * rng.random(count) ** 1.5).astype(np.int64)
        account = np.where(rng.random(count) < 0.35, account - account % 8, account)
        guest = rng.random(count) < 0.1
        customer = np.where(guest, -1, account)
        channel = sampling.moving_mix(ordered / self.seconds, _CHANNEL_FIRST, _CHANNEL_LAST, rng)
        device = np.where(channel == 1, 0, rng.choice(3, count, p=[0.45, 0.45, 0.1]))
        visitor = np.where(guest, BEYOND // 10 + self._first_orders[number] + np.arange(count), account * 3 + device)
        approved = ordered + rng.exponential(1800, count).astype(np.int64) + 60
        shipped = approved + rng.uniform(0.3, 3, count) * DAY
        delivered = shipped + np.minimum(rng.lognormal(1.05, 0.5, count), 25) * DAY
        cancelled = np.where(rng.random(count) < _CANCEL_SHARE, approved + rng.uniform(0.1, 2, count) * DAY, np.inf)
        steps = np.stack([ordered, approved, shipped, delivered], axis=1).astype(np.float64)
        steps[:, 1:][cancelled[:, None] < steps[:, 1:]] = np.inf
        status = (steps < self.seconds).sum(axis=1) - 1
        final = np.take_along_axis(steps, status[:, None].clip(min=0), axis=1)[:, 0]
        is_cancelled = np.isfinite(cancelled) & (cancelled < self.seconds)
        steps[steps >= self.seconds] = -1
        return pl.DataFrame(
            {
                "order_no": self._first_orders[number] + np.arange(count),
                "ordered": ordered,
                "tenant": np.where(guest, rng.integers(0, self.tenants, count), self.tenant_of(account)),
                "customer": customer,
                "visitor": np.where(channel < 2, visitor, -1),
                "channel": channel,
                "device": device,
                "traffic": rng.choice(len(TRAFFIC), count, p=_TRAFFIC_SHARE),
                "approved": steps[:, 1].astype(np.int64),
                "shipped": steps[:, 2].astype(np.int64),
                "delivered": steps[:, 3].astype(np.int64),
                "promised": ordered + 7 * DAY,
                "status": np.where(is_cancelled, CANCELLED, status),
                "final": np.where(is_cancelled, cancelled, final).astype(np.int64),
                "method": rng.choice(len(METHODS), count, p=_METHOD_SHARE),
                "split": rng.random(count) < 0.03,
                "lost": uniform(self._first_orders[number] + np.arange(count), 8) < _LOST,
            }
        )

    def _lines(self, orders: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
        size = np.minimum(rng.geometric(0.5, orders.height), _MAX_LINES)
        order = np.repeat(np.arange(orders.height), size)
        count, known = len(order), self._catalogue
        product = np.minimum((rng.random(count) ** 2.2 * self.products).astype(np.int64), self.products - 1)
        product = (product * 7919) % self.products
        ordered = orders["ordered"].to_numpy()[order]
        version = (known["from"][product] <= ordered[:, None]).sum(axis=1) - 1
        price, quantity = known["price"][product, version], np.minimum(rng.geometric(0.78, count), 5)
        discount = price * quantity * rng.choice([0, 0, 0, 5, 10, 20], count) // 100
        delivered = orders["delivered"].to_numpy()[order]
        back = delivered + (rng.uniform(1, 15, count) * DAY).astype(np.int64)
        returned = (rng.random(count) < _RETURN_SHARE[known["category"][product]]) & (delivered >= 0)
        returned &= (back < self.seconds) & (orders["status"].to_numpy()[order] == DELIVERED)
        units = np.where(returned, rng.integers(1, quantity + 1), 0)
        line_no = np.arange(count) - np.repeat(np.cumsum(size) - size, size) + 1
        return orders[order].with_columns(
            line_no=pl.Series(line_no),
            product=pl.Series(np.where(rng.random(count) < _UNKNOWN_PRODUCT, product + BEYOND // 10, product)),
            quantity=pl.Series(quantity),
            price=pl.Series(price),
            discount=pl.Series(discount),
            freight=pl.Series(np.where((line_no == 1) & (price * quantity < 100_000), 4_900, 0)),
            returned=pl.Series(units),
            refund=pl.Series((price * quantity - discount) * units // quantity),
            returned_at=pl.Series(np.where(returned, back, -1)),
        )

    def order_records(self, number: int) -> pl.DataFrame:
        """Orders placed in a window, as placed and in their last state."""
        orders = self._made(number)[0].filter(~pl.col("lost"))
        unknown = pl.lit(-1, dtype=pl.Int64)
        placed = orders.with_columns(
            seconds=pl.col("ordered"), status=pl.lit(PLACED, dtype=pl.Int64), approved=unknown, shipped=unknown,
            delivered=unknown,
        )  # fmt: skip
        last = orders.filter(pl.col("status") != PLACED).with_columns(seconds=pl.col("final"))
        return pl.concat([placed, last])

    def item_records(self, number: int) -> pl.DataFrame:
        """Lines of orders placed in a window, as ordered and again where something came back."""
        lines = self._made(number)[1]
        nothing = pl.lit(0, dtype=pl.Int64)
        ordered = lines.with_columns(seconds=pl.col("ordered"), returned=nothing, refund=nothing)
        back = lines.filter(pl.col("returned") > 0).with_columns(seconds=pl.col("returned_at"))
        return pl.concat([ordered, back])

    def payment_records(self, number: int) -> pl.DataFrame:
        """What was paid for the orders placed in a window, and paid back."""
        orders, lines = self._made(number)
        due = lines.group_by("order_no", maintain_order=True).agg(
            due=(pl.col("price") * pl.col("quantity") - pl.col("discount") + pl.col("freight")).sum()
        )
        paid = orders.filter(pl.col("approved") >= 0).join(due, on="order_no", maintain_order="left")
        first = pl.when(pl.col("split")).then(pl.col("due") // 3).otherwise(pl.col("due"))
        installments = pl.when(pl.col("method") == 1).then(1 + pl.col("order_no") % 6).otherwise(1)
        base = paid.select(
            "order_no", "tenant", "ordered", "split", "status", "final", "due", "method",
            seconds=pl.col("approved"), part=pl.lit(1, dtype=pl.Int64), refund=pl.lit(False),
            installments=installments.cast(pl.Int64), amount=first,
        )  # fmt: skip
        rest = base.filter(pl.col("split")).with_columns(
            part=pl.lit(2, dtype=pl.Int64), amount=pl.col("due") - pl.col("amount"), installments=pl.lit(1, pl.Int64)
        )
        undone = base.filter(pl.col("status") == CANCELLED).with_columns(
            part=pl.lit(0, dtype=pl.Int64), amount=pl.col("due"), seconds=pl.col("final"), refund=pl.lit(True)
        )
        back = lines.filter(pl.col("returned") > 0).select("order_no", "line_no", "returned_at", sum="refund")
        returned = back.join(base, on="order_no", maintain_order="left").with_columns(
            part=pl.col("line_no"), amount=pl.col("sum"), seconds=pl.col("returned_at"), refund=pl.lit(True)
        )
        return pl.concat([base, rest, undone, returned.select(base.columns)])

    # --- visits

    def click_records(self, number: int) -> pl.DataFrame:
        """What visitors did in a window: before their purchases, and without one."""
        rng = np.random.default_rng([self.seed, 3, number])
        clicks = pl.concat([self._purchases(number, rng), self._browsing(number, rng)])
        return clicks.filter(pl.col("seconds").is_between(0, self.seconds - 1)).with_columns(
            event_no=number * 100_000_000 + pl.int_range(pl.len(), dtype=pl.Int64)
        )

    def _purchases(self, number: int, rng: np.random.Generator) -> pl.DataFrame:
        """Every order of web or app with the visit that led to it: pages, each product seen and put into the cart."""
        orders, lines = self._made(number)
        online = orders.filter(pl.col("visitor") >= 0)
        none = pl.lit(-1, dtype=pl.Int64)
        parts = [
            *(online.with_columns(step=pl.lit(s, pl.Int64), kind_of=pl.lit(k, pl.Int64), product=none)
              for s, k in ((0, PAGE), (1, SEARCH), (900, CHECKOUT), (901, PURCHASE))),
            *(lines.filter(pl.col("visitor") >= 0).select(
                *online.columns, step=10 * pl.col("line_no") + i, kind_of=pl.lit(k, pl.Int64), product="product")
              for i, k in ((0, VIEW), (1, CART))),
        ]  # fmt: skip
        steps = pl.concat(parts).sort("order_no", "step")
        gap = np.minimum(rng.exponential(70, steps.height), 1200) + 2
        timed = steps.with_columns(gap=pl.Series(gap.astype(np.int64)))
        before = pl.col("gap").sum().over("order_no") - pl.col("gap").cum_sum().over("order_no")
        return timed.select(
            "tenant", "visitor", "customer", "device", "traffic",
            seconds=pl.col("ordered") - before, event_type="kind_of", product="product",
            order_no=pl.when(pl.col("kind_of") == PURCHASE).then(pl.col("order_no")).otherwise(none),
        )  # fmt: skip

    def _browsing(self, number: int, rng: np.random.Generator) -> pl.DataFrame:
        """Visits without a purchase; one in three is a single page."""
        weights, count = self._weights[number], round(int(np.diff(self._first_orders)[number]) * _BROWSING_PER_ORDER)
        day = rng.choice(len(weights), count, p=weights / weights.sum()) + self._edge(number) // DAY
        began = day * DAY + rng.choice(24, count, p=_HOUR / _HOUR.sum()) * 3600 + rng.integers(0, 3600, count)
        account = (self._known_accounts(began) * rng.random(count) ** 1.3).astype(np.int64)
        anonymous, device = rng.random(count) < 0.55, rng.choice(3, count, p=[0.6, 0.33, 0.07])
        stranger = BEYOND // 5 + number * 10_000_000 + np.arange(count)
        size = np.where(rng.random(count) < 0.35, 1, 1 + np.minimum(rng.geometric(0.3, count), 15))
        visit = np.repeat(np.arange(count), size)
        step = np.arange(len(visit)) - np.repeat(np.cumsum(size) - size, size)
        kind = rng.choice(
            [VIEW, PAGE, SEARCH, CART, UNCART, CHECKOUT], len(visit), p=[0.58, 0.14, 0.1, 0.12, 0.02, 0.04]
        )
        kind = np.where(step == 0, PAGE, kind)
        product = np.minimum((rng.random(len(visit)) ** 1.6 * self.products).astype(np.int64), self.products - 1)
        gap = np.where(step == 0, 0, rng.exponential(80, len(visit)).astype(np.int64) + 2)
        so_far = np.cumsum(gap)
        offset = so_far - np.repeat(so_far[np.cumsum(size) - size], size)
        signed_in = ~anonymous & (rng.random(count) < 0.8)
        return pl.DataFrame(
            {
                "tenant": np.where(anonymous, rng.integers(0, self.tenants, count), self.tenant_of(account))[visit],
                "visitor": np.where(anonymous, stranger, account * 3 + device)[visit],
                "customer": np.where(signed_in, account, -1)[visit],
                "device": device[visit],
                "traffic": rng.choice(len(TRAFFIC), count, p=_TRAFFIC_SHARE)[visit],
                "seconds": began[visit] + offset,
                "event_type": kind,
                "product": np.where(np.isin(kind, (VIEW, CART, UNCART)), (product * 7919) % self.products, -1),
                "order_no": np.full(len(visit), -1),
            }
        )
