"""What is true in the sample's world of an application: users, what they use, experiments and funnels, by window.

Everything follows from the seed and a running number, so that any window can be made alone and each source of the
sample agrees with the others. How records are written, and spoiled, belongs to ``sample.py``.

Times are seconds since the first day; -1 stands for what there is none of.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import polars as pl

from lakehouse_assets.domains import sampling
from lakehouse_assets.domains.sampling import uniform

DAY, HOUR = 86_400, 3_600

REGIONS = ("North America", "Europe", "Asia Pacific", "Latin America", "Middle East & Africa")
_REGION_SHARE = np.array([0.34, 0.27, 0.22, 0.1, 0.07])
GENDERS = ("female", "male", "non-binary", "undisclosed")
_GENDER_SHARE = np.array([0.46, 0.47, 0.03, 0.04])
CONDITIONS = ("Free", "Trial", "Premium", "Enterprise")
FREE, TRIAL, PREMIUM, ENTERPRISE = range(4)
_CONDITION_SHARE = np.array([0.44, 0.2, 0.26, 0.1])
DEVICES = ("DESKTOP", "MOBILE", "TABLET")
FEATURES = (
    "dashboard_view", "search", "report_builder", "notifications", "data_export", "comments", "file_upload",
    "integrations", "alerts", "team_invite", "custom_fields", "api_access", "mobile_sync", "ai_assistant",
    "admin_settings",
)  # fmt: skip
_FEATURE_SHARE = np.array([20, 14, 11, 9, 7.5, 6.5, 6, 5, 4.5, 3.5, 3, 3, 2.5, 9, 1.5])
#: The assistant comes with a release; until then its share goes to the dashboard.
_ASSISTANT, _ASSISTANT_FROM = FEATURES.index("ai_assistant"), 0.4

#: name, goal, when it begins (share of the sample), rates of the control and the treatments
EXPERIMENTS = (
    ("Onboarding checklist", "completes the setup", 0.03, (0.32, 0.46)),
    ("Suggestions in search", "uses ai_assistant", 0.42, (0.18, 0.3)),
    ("Pricing page layout", "upgrades", 0.2, (0.11, 0.115)),
    ("Weekly digest", "comes back within a week", 0.5, (0.45, 0.36, 0.5)),
)
ENDPOINTS = ("/v1/search", "/v1/reports", "/v1/exports", "/v1/users", "/v1/events")
_ENDPOINT_SHARE = np.array([0.42, 0.2, 0.06, 0.12, 0.2])
STATUSES = ("200", "404", "429", "500")
_STATUS_SHARE = np.array([0.955, 0.025, 0.01, 0.01])
VARIANTS = ("control", "treatment_a", "treatment_b")
_ASSIGNING = 25 * DAY

#: funnel -> steps, share that passes on to each but the first, typical hours between steps, share of the users in it
FUNNELS: dict[str, tuple[tuple[str, ...], tuple[float, ...], float, float]] = {
    "onboarding": (
        ("Landing Page Visit", "Sign Up Form", "Email Verification", "Profile Setup", "First Feature Use"),
        (0.86, 0.9, 0.84, 0.78), 2.0, 1.0,
    ),
    "feature_adoption": (
        ("Feature Discovered", "Feature Tried", "Used Three Times", "Used Weekly", "Power Use"),
        (0.68, 0.72, 0.6, 0.48), 40.0, 0.8,
    ),
    "workflow_completion": (
        ("Workflow Started", "Data Imported", "Rules Configured", "Result Reviewed", "Workflow Completed"),
        (0.92, 0.8, 0.86, 0.76), 9.0, 0.6,
    ),
}  # fmt: skip
_ENTERING = 45 * DAY

_WEEKDAY = np.array([1.1, 1.18, 1.16, 1.12, 0.98, 0.42, 0.38])
#: Sessions by hour of the day in UTC: Europe's morning, America's day.
_HOUR = np.array([3, 3, 3, 3, 4, 5, 7, 9, 10, 10, 9, 8, 9, 12, 14, 14, 13, 11, 9, 8, 7, 6, 5, 4], dtype=float)
_EVENTS_BY_CONDITION = np.array([3.0, 3.6, 5.5, 8.0])
_FIRST_USERS = 0.55
_MAX_EVENTS = 100
#: Shares of users and sessions that are never reported, of steps that are skipped.
_LOST_USER, _LOST_SESSION, _SKIPPED_STEP = 0.004, 0.012, 0.01


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
    def users(self) -> int:
        """Number of users there will be at the end: 500 in the usual sample."""
        return max(20, round(self.size / 44))

    @cached_property
    def _weights(self) -> list[np.ndarray]:
        return [self._day_weights(*span) for span in self.spans]

    @cached_property
    def _quotas(self) -> np.ndarray:
        return sampling.quotas(self.size, np.array([weights.sum() for weights in self._weights]))

    def _day_weights(self, first: date, last: date) -> np.ndarray:
        days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
        growth = 1.0 + 0.5 * np.array([(day - self.first_day).days for day in days]) / 90.0
        return _WEEKDAY[[day.weekday() for day in days]] * growth

    def _edge(self, number: int) -> int:
        return self.seconds if number >= len(self.spans) else (self.spans[number][0] - self.first_day).days * DAY

    # --- users

    def _known(self, seconds: np.ndarray) -> np.ndarray:
        """How many users there are at a time: some from the start, the others evenly."""
        return self.users * (_FIRST_USERS + (1 - _FIRST_USERS) * seconds / self.seconds)

    def _signed_up(self, user: np.ndarray) -> np.ndarray:
        """When users signed up; before the first day it is a negative number."""
        later = np.floor((user / self.users - _FIRST_USERS) / (1 - _FIRST_USERS) * self.seconds)
        return np.where(later < 0, -np.floor(uniform(user, 1) * 300 * DAY), later).astype(np.int64)

    def _appearing(self, first: int, last: int) -> np.ndarray:
        """Users who are first there between two times; those from before the sample are there at 0."""
        begin = 0 if first <= 0 else int(np.ceil(self._known(np.array(first))))
        end = self.users if last >= self.seconds else int(np.ceil(self._known(np.array(last))))
        return np.arange(begin, max(begin, end))

    def tenant_of(self, user: np.ndarray) -> np.ndarray:
        """The tenant of a user; the first is the largest."""
        share = 1.0 / np.arange(1, self.tenants + 1) ** 0.5
        return np.searchsorted(np.cumsum(share / share.sum()), uniform(user, 2)).clip(max=self.tenants - 1)

    def _condition_changes(self, user: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """First tier, second tier, and when the second begins: never (infinity) for many."""
        first = _picked(_CONDITION_SHARE, uniform(user, 3))
        after_trial = np.where(uniform(user, 4) < 0.45, PREMIUM, FREE)
        second = np.choose(first, [np.full_like(first, PREMIUM), after_trial, np.full_like(first, ENTERPRISE), first])
        begun = np.maximum(self._signed_up(user), 0)
        waited = np.where(first == TRIAL, 14 + 16 * uniform(user, 5), 5 + 160 * uniform(user, 5)) * DAY
        changes = (first == TRIAL) | ((first < ENTERPRISE) & (uniform(user, 6) < 0.2))
        return first, second, np.where(changes, np.floor(begun + waited), np.inf)

    def user_records(self, number: int) -> pl.DataFrame:
        """Users who appear in a window, and all that later becomes of them."""
        user = self._appearing(self._edge(number), self._edge(number + 1))
        first, second, changed = self._condition_changes(user)
        begun = np.maximum(self._signed_up(user), user % HOUR)
        moved = np.where(uniform(user, 7) < 0.05, np.floor(begun + DAY + uniform(user, 8) * 80 * DAY), np.inf)
        at = np.stack([begun, changed, moved], axis=1)
        kept = (at < self.seconds) & (uniform(user, 9) >= _LOST_USER)[:, None]
        who, version = np.nonzero(kept)
        seconds = at[who, version]
        region = _picked(_REGION_SHARE, uniform(user, 10))
        return pl.DataFrame(
            {
                "seconds": seconds.astype(np.int64),
                "tenant": self.tenant_of(user)[who],
                "user": user[who],
                "first_seen": self._signed_up(user)[who],
                "age": (18 + 50 * uniform(user, 11) ** 1.4).astype(np.int64)[who],
                "gender": _picked(_GENDER_SHARE, uniform(user, 12))[who],
                "region": np.where(seconds >= moved[who], (region[who] + 1) % len(REGIONS), region[who]),
                "condition": np.where(seconds >= changed[who], second[who], first[who]),
            }
        )

    def _is_around(self, user: np.ndarray, seconds: np.ndarray) -> np.ndarray:
        """Whether a user still comes at all, and does so in that week: some leave, most pause now and then."""
        begun = np.maximum(self._signed_up(user), 0)
        left = np.where(uniform(user, 13) < 0.35, begun + (2 + 80 * uniform(user, 14) ** 1.5) * DAY, np.inf)
        pauses = uniform(user * 1000 + seconds // (7 * DAY), 15) < 0.1 + 0.5 * uniform(user, 16)
        return (seconds < left) & ~pauses

    # --- usage and sessions

    def usage_records(self, number: int) -> pl.DataFrame:
        """Uses of features in the hours of a window, as many as its share of the sample."""
        if self._window is None or self._window[0] != number:
            rng = np.random.default_rng([self.seed, 1, number])
            wanted, drawn = int(self._quotas[number]), max(2 * int(self._quotas[number]), 20)
            made = self._uses(self._visits(number, 0, drawn, rng), number, rng)
            while made.height < wanted:
                more = self._uses(self._visits(number, drawn, drawn, rng), number, rng)
                made, drawn = _each_once(pl.concat([made, more])), 2 * drawn
            self._window = (number, made.head(wanted))
        return self._window[1]

    def _visits(self, number: int, before: int, count: int, rng: np.random.Generator) -> pl.DataFrame:
        """Sessions begun in a window, in no order: who, when, how many hours. So many were drawn before."""
        weights = self._weights[number]
        day = rng.choice(len(weights), count, p=weights / weights.sum()) + self._edge(number) // DAY
        began = day * DAY + rng.choice(24, count, p=_HOUR / _HOUR.sum()) * HOUR + rng.integers(0, 3300, count)
        user = (self._known(began) * rng.random(count) ** 1.7).astype(np.int64)
        visits = pl.DataFrame(
            {
                "began": began,
                "user": user,
                "hours": np.minimum(rng.geometric(0.55, count), 4),
                "minutes": rng.integers(1, 55, count),
                "device": rng.choice(len(DEVICES), count, p=[0.66, 0.28, 0.06]),
            }
        )
        numbered = visits.with_columns(session=number * 100_000_000 + before + pl.int_range(pl.len(), dtype=pl.Int64))
        return numbered.filter(pl.Series(self._is_around(user, began)))

    def _uses(self, visits: pl.DataFrame, number: int, rng: np.random.Generator) -> pl.DataFrame:
        hours = visits["hours"].to_numpy()
        visit = np.repeat(np.arange(visits.height), hours)
        hour = np.arange(len(visit)) - np.repeat(np.cumsum(hours) - hours, hours)
        used = np.minimum(rng.geometric(0.58, len(visit)), 5)
        visit, hour = np.repeat(visit, used), np.repeat(hour, used)
        seconds = (visits["began"].to_numpy()[visit] // HOUR + hour) * HOUR
        user = visits["user"].to_numpy()[visit]
        popular = _picked(_FEATURE_SHARE / _FEATURE_SHARE.sum(), rng.random(len(visit)))
        favourite = (user * 7 + rng.integers(0, 3, len(visit)) ** 2) % len(FEATURES)
        feature = np.where(rng.random(len(visit)) < 0.3, favourite, popular)
        feature = np.where((feature == _ASSISTANT) & (seconds < _ASSISTANT_FROM * self.seconds), 0, feature)
        first, second, changed = self._condition_changes(user)
        mean = _EVENTS_BY_CONDITION[np.where(seconds >= changed, second, first)]
        uses = visits[visit].select(
            "user", "session", "began", "minutes", "device",
            seconds=pl.Series(seconds),
            tenant=pl.Series(self.tenant_of(user)),
            feature=pl.Series(feature),
            events=pl.Series(np.minimum(rng.geometric(1 / mean), _MAX_EVENTS)),
        )  # fmt: skip
        return _each_once(uses.filter(pl.col("seconds") < self._edge(number + 1)))

    def session_records(self, number: int) -> pl.DataFrame:
        """The sessions of a window's uses, but for the few that are never reported."""
        sessions = self.usage_records(number).group_by("session", maintain_order=True).agg(
            pl.col("tenant", "user", "began", "minutes", "device").first(), last=pl.col("seconds").max()
        )  # fmt: skip
        reported = sessions.filter(pl.Series(uniform(sessions["session"].to_numpy(), 17) >= _LOST_SESSION))
        return reported.with_columns(
            seconds=pl.col("began"),
            ended=pl.max_horizontal(pl.col("last") + pl.col("minutes") * 60, pl.col("began") + 120),
            release=pl.col("began") // (14 * DAY),
        )

    # --- calls of the API

    def call_records(self, number: int) -> pl.DataFrame:
        """Calls of the API in a window: one with every third use of a feature, at some time of its hour."""
        uses = self.usage_records(number)
        ids = (uses["user"] * len(FEATURES) + uses["feature"]).to_numpy() * 1_000_000 + uses[
            "seconds"
        ].to_numpy() // HOUR
        made = uses.select("tenant", "user").with_columns(
            call=pl.Series(ids),
            seconds=uses["seconds"] + pl.Series((uniform(ids, 61) * (HOUR - 1)).astype(np.int64)),
            endpoint=pl.Series(_picked(_ENDPOINT_SHARE, uniform(ids, 62))),
            status=pl.Series(_picked(_STATUS_SHARE, uniform(ids, 63))),
            duration=pl.Series((8 - np.log1p(-uniform(ids, 64)) * 120).astype(np.int64)),
        )
        return made.filter(pl.Series(uniform(ids, 60) < 1 / 3, dtype=pl.Boolean))

    # --- experiments

    def experiment_records(self, number: int) -> pl.DataFrame:
        """Users assigned to variants in a window, and again when they reach the goal."""
        begins, ends = self._edge(number), self._edge(number + 1)
        parts = [self._assigned(i, begins, ends) for i in range(len(EXPERIMENTS))]
        assigned = pl.concat(parts)
        nothing = pl.lit(-1, dtype=pl.Int64)
        states = assigned.with_columns(seconds=pl.col("assigned"), converted=nothing)
        reached = assigned.filter(pl.col("converted").is_between(0, self.seconds - 1))
        return pl.concat([states, reached.with_columns(seconds=pl.col("converted"))])

    def _assigned(self, experiment: int, begins: int, ends: int) -> pl.DataFrame:
        _, _, start, rates = EXPERIMENTS[experiment]
        started = int(start * self.seconds)
        overlaps = started < ends and begins < started + _ASSIGNING
        user = self._appearing(0, started) if overlaps else np.arange(0)
        key = user * len(EXPERIMENTS) + experiment
        assigned = started + np.floor(uniform(key, 18) * _ASSIGNING).astype(np.int64)
        variant = (uniform(key, 19) * len(rates)).astype(np.int64)
        likely = np.array(rates)[variant] * np.where(self._condition_changes(user)[0] >= PREMIUM, 1.15, 0.92)
        waits = (-np.log1p(-uniform(key, 20)) * 3 * DAY).astype(np.int64) + 600
        converts = uniform(key, 21) < likely
        made = pl.DataFrame(
            {
                "tenant": self.tenant_of(user),
                "user": user,
                "experiment": np.full(len(user), experiment),
                "variant": variant,
                "assigned": assigned,
                "converted": np.where(converts, assigned + waits, -1),
            }
        )
        taking_part = (uniform(key, 22) < 0.8) & (assigned >= begins) & (assigned < min(ends, self.seconds))
        return made.filter(pl.Series(taking_part, dtype=pl.Boolean))

    # --- funnels

    def funnel_records(self, funnel: str, number: int) -> pl.DataFrame:
        """Users who enter a funnel in a window, and all steps that they reach in it."""
        names, passing, typical_hours, share = FUNNELS[funnel]
        salt = 30 + 10 * list(FUNNELS).index(funnel)
        begins, ends = self._edge(number), self._edge(number + 1)
        onboards = funnel == "onboarding"
        user = self._appearing(begins if onboards else begins - _ENTERING, ends)
        signed_up = self._signed_up(user)
        entered = signed_up if onboards else np.maximum(signed_up, 0) + (uniform(user, salt) * _ENTERING).astype(int)
        takes_part = (uniform(user, salt + 1) < share) & (entered >= begins) & (entered < ends)
        user, entered = user[takes_part], entered[takes_part]
        paying = self._condition_changes(user)[0] >= PREMIUM
        passes = np.stack([np.ones(len(user), dtype=bool), *(
            uniform(user, salt + 2 + i) < rate * np.where(paying, 1.06, 0.96) for i, rate in enumerate(passing)
        )], axis=1)  # fmt: skip
        reached = np.cumprod(passes, axis=1).astype(bool)
        gaps = -np.log1p(-np.stack([uniform(user * 8 + i, salt + 8) for i in range(len(names))], axis=1))
        gaps[:, 0] = 0
        at = entered[:, None] + np.cumsum(np.floor(gaps * typical_hours * HOUR) + (gaps > 0) * 20, axis=1)
        skipped = np.stack([uniform(user * 8 + i, salt + 9) < _SKIPPED_STEP for i in range(len(names))], axis=1)
        skipped[:, 0] = False
        who, step = np.nonzero(reached & ~skipped & (at < self.seconds))
        return pl.DataFrame(
            {
                "seconds": at[who, step].astype(np.int64),
                "tenant": self.tenant_of(user)[who],
                "user": user[who],
                "step": step,
            }
        )


def _each_once(uses: pl.DataFrame) -> pl.DataFrame:
    """The first of the uses of a feature by a user in an hour."""
    return uses.unique(["user", "feature", "seconds"], keep="first", maintain_order=True)


def _picked(share: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Codes drawn by shares that add up to 1, from numbers from 0 to 1."""
    return np.searchsorted(np.cumsum(share), at, side="right").clip(max=len(share) - 1)
