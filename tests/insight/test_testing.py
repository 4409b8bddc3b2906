"""What is planted is found, and where there is nothing but chance almost nothing is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse_assets.insight.model import Kind
from lakehouse_assets.insight.numeric.pairs import difference_of_times
from lakehouse_assets.insight.numeric.robust import discovered, t_as_normal, two_sided
from lakehouse_assets.insight.numeric.slopes import shift_of, slope_of
from lakehouse_assets.insight.telling import Teller, figure_text
from lakehouse_assets.insight.testing import PARTS, Found, judged
from tests.insight.lines import line, metric, noise

DAYS = 300


def _domain(rng: np.random.Generator, kind: str) -> list:
    """A domain as it is tested: some metrics, and values of a dimension of the first."""
    metrics = [line(noise(rng, kind, DAYS), f"metric{n}") for n in range(6)]
    return metrics + [line(noise(rng, kind, DAYS), "metric0", f"shop {n}") for n in range(12)]


def test_the_kinds_of_tests_share_one_rate() -> None:
    assert sum(PARTS.values()) == pytest.approx(1)


@pytest.mark.parametrize("kind", ["counts", "few", "heavy", "skewed", "autocorrelated"])
def test_chance_alone_gives_almost_no_insight(kind: str) -> None:
    """One run in twenty may tell something; of forty, more than six are less probable than one in a hundred."""
    rng = np.random.default_rng(11)
    told = [len(judged(_domain(rng, kind)).found) for _ in range(40)]
    assert sum(one > 0 for one in told) <= 6
    assert sum(told) <= 10


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.8])
def test_the_chance_of_steps_slopes_and_differences_is_what_it_says(rho: float) -> None:
    rng = np.random.default_rng(5)
    low = {"step": 0, "slope": 0, "difference": 0}
    for _ in range(200):
        fresh = rng.normal(size=260)
        course = np.zeros(260)
        for at in range(1, 260):
            course[at] = rho * course[at - 1] + fresh[at]
        low["step"] += shift_of(course[-182:]).p < 0.05
        low["slope"] += slope_of(course[-26:]).p < 0.05
        found = difference_of_times(course[-60:-30], course[-30:])
        low["difference"] += bool(found and found.p < 0.05)
    assert all(count <= 26 for count in low.values()), low


@pytest.mark.parametrize(("size", "way"), [(150.0, 1), (0.0, -1)], ids=["far above", "far below"])
def test_a_day_far_from_what_was_expected_is_found(size: float, way: int) -> None:
    figures = noise(np.random.default_rng(2), "counts", DAYS)
    figures[-5] = max(size, 1.0)
    (found,) = judged([line(figures)]).found
    assert (found.kind, found.first, found.last) == (Kind.POINT, DAYS - 5, DAYS - 5)
    assert found.change * way > 0 and found.low is not None and found.high is not None
    assert not found.low <= found.actual <= found.high


def test_a_step_is_found_where_it_is_and_is_no_trend() -> None:
    figures = noise(np.random.default_rng(3), "counts", DAYS)
    figures[-30:] += 25
    found = judged([line(figures)]).found
    assert [one.kind for one in found] == [Kind.SHIFT]
    assert abs(found[0].first - (DAYS - 30)) <= 3
    assert found[0].change == pytest.approx(25 / 40, abs=0.2)


def test_a_lasting_rise_is_a_trend_and_no_step() -> None:
    figures = noise(np.random.default_rng(4), "counts", DAYS)
    figures[-182:] += np.linspace(0, 60, 182)
    found = [one for one in judged([line(figures)]).found if one.kind is not Kind.POINT]
    assert [one.kind for one in found] == [Kind.TREND]
    assert found[0].expected == pytest.approx(40, abs=8) and found[0].actual == pytest.approx(100, abs=12)


def test_days_without_anything_are_missing_and_no_low_days() -> None:
    figures = noise(np.random.default_rng(5), "counts", DAYS)
    figures[-6:-3] = 0
    (found,) = judged([line(figures)]).found
    assert (found.kind, found.first, found.last) == (Kind.MISSING, DAYS - 6, DAYS - 4)
    assert found.expected == pytest.approx(120, abs=60)


def test_a_shop_is_not_missed_on_its_days_off() -> None:
    figures = noise(np.random.default_rng(6), "counts", DAYS)
    figures[np.arange(DAYS) % 7 == 6] = 0
    assert judged([line(figures)]).found == []


def test_what_is_told_of_all_is_not_told_of_its_values_and_other_metrics_again() -> None:
    rng = np.random.default_rng(8)
    lines = [line(noise(rng, "counts", DAYS), name) for name in ("orders", "sales")]
    lines.append(line(noise(rng, "counts", DAYS), "orders", "shop 1"))
    for one in lines:
        one.figures[-4] = 200
    (found,) = judged(lines).found
    assert (found.line.metric.name, found.line.dimension, found.also) == ("orders", None, ("Sales",))


@given(st.lists(st.floats(1e-9, 1), min_size=1, max_size=60), st.floats(0.001, 0.3))
def test_what_may_be_told_are_the_least_probable(chances: list[float], rate: float) -> None:
    p = np.array(chances)
    told = discovered(p, rate)
    assert not told.any() or p[told].max() <= p[~told].min(initial=1.0)
    assert not told.any() or p[told].max() <= rate * told.sum() / p.size + 1e-12


@given(st.floats(0.01, 40), st.floats(2, 500))
@settings(max_examples=60)
def test_the_tail_of_t_is_heavier_than_the_normal_one(t: float, df: float) -> None:
    assert two_sided(t_as_normal(t, df)) >= two_sided(t) * 0.99


def test_what_is_told_of_a_step_can_be_looked_up() -> None:
    """The test is on roots of clipped figures; the figures told are means of days, as anybody would count them."""
    rng = np.random.default_rng(21)
    figures = (rng.poisson(2, DAYS) * rng.choice([0, 1, 9], DAYS)).astype(float)
    figures[-40:] += rng.poisson(20, 40)
    (found,) = [one for one in judged([line(figures)]).found if one.kind is Kind.SHIFT]
    assert found.since == DAYS - 182
    assert found.actual == pytest.approx(figures[found.first :].mean())
    assert found.expected == pytest.approx(figures[found.since : found.first].mean())


def test_a_level_that_is_gone_again_is_no_new_level() -> None:
    figures = noise(np.random.default_rng(22), "counts", DAYS)
    figures[-40:-7] += 60
    assert Kind.SHIFT not in {one.kind for one in judged([line(figures)]).found}


@pytest.mark.parametrize(("grown", "is_told"), [(1.0, False), (3.0, True)])
@pytest.mark.parametrize("how", ["step", "slope"])
def test_what_comes_each_year_is_not_told(how: str, grown: float, is_told: bool) -> None:
    """A fall to where it fell a year before is the season; one from and to three times as much is not."""
    rng = np.random.default_rng(23)
    fall = np.concatenate([np.ones(142), np.full(40, 0.5)]) if how == "step" else np.linspace(1.4, 0.6, 182)
    year = np.concatenate([fall, np.full(182, fall.mean())])
    expected = 40 * np.concatenate([year, grown * fall])
    whole = rng.poisson(expected).astype(float)
    told = replace(line(whole[-DAYS:]), earlier=whole[:-DAYS])
    kinds = {one.kind for one in judged([told]).found}
    assert bool(kinds & {Kind.SHIFT, Kind.TREND}) is is_told
    alone = {one.kind for one in judged([line(whole[-182:])]).found}
    assert alone & {Kind.SHIFT, Kind.TREND}, "half a year alone does not tell a season"


def test_a_value_that_moves_with_all_of_its_metric_is_not_told_beside_it() -> None:
    rng = np.random.default_rng(24)
    step = np.where(np.arange(DAYS) >= DAYS - 30, 1.6, 1.0)
    later = np.where(np.arange(DAYS) >= DAYS - 18, 1.7, 1.0)
    new = np.where(np.arange(DAYS) >= DAYS - 20, 30.0, 0.5)
    shops = {"shop 1": 60 * step, "shop 2": 50 * later, "shop 3": new}
    lines = [line(rng.poisson(expected).astype(float), value=name) for name, expected in shops.items()]
    whole = line(np.sum([one.figures for one in lines], axis=0))
    found = [one for one in judged([whole, *lines]).found if one.kind is Kind.SHIFT]
    assert [one.line.value for one in found if one.line.dimension] == ["shop 3"]
    assert any(one.line.dimension is None for one in found)


def test_the_same_figures_by_another_name_do_nothing_likewise() -> None:
    figures = noise(np.random.default_rng(25), "counts", DAYS)
    figures[-4] = 200
    (found,) = judged([line(figures, "orders"), line(figures, "purchases")]).found
    assert found.also == ()


def test_figures_are_no_more_exact_than_they_are_worth() -> None:
    count, rate = metric(), metric(additive=False, tally=False, format="percent")
    said = [figure_text(value, count) for value in (9.9, 12.8, 41.3, 6.0, 1252.2)]
    assert said == ["9.9", "12.8", "41", "6", "1,252"]
    found = Found(Kind.SHIFT, line(np.arange(200.0)), 160, 199, 60.0, 2.0, 0.01, since=18)
    sentence = Teller("shop", None, None).found(found).sentence
    assert "60 a day since, after 2 in the 20 weeks before (30 times as much)." in sentence
    assert rate.is_ratio
    of_rate = replace(found, line=replace(found.line, metric=rate), actual=0.06, expected=0.05)
    assert (
        "6.0 % since, after 5.0 % in the 20 weeks before (+20%)." in Teller("shop", None, None).found(of_rate).sentence
    )


def test_what_is_where_it_was_a_year_before_is_the_season_though_less_is_known() -> None:
    rng = np.random.default_rng(26)
    rise = np.concatenate([np.linspace(60, 20, 182), np.linspace(20, 60, 218)])
    whole = rng.poisson(rise).astype(float)
    assert Kind.TREND not in {one.kind for one in judged([line(whole)]).found}
    assert Kind.TREND in {one.kind for one in judged([line(whole[-218:])]).found}


@pytest.mark.parametrize(("days", "may_be_the_season"), [(300, True), (400 + 182, False)])
def test_what_may_be_the_season_says_so(days: int, may_be_the_season: bool) -> None:
    figures = noise(np.random.default_rng(27), "counts", days)
    figures[-40:] += 40
    told = replace(line(figures[-400:]), earlier=figures[:-400])
    (found,) = [one for one in judged([told]).found if one.kind is Kind.SHIFT]
    sentence = Teller("shop", None, None).found(found).sentence
    assert sentence.endswith("it may be the season.") is may_be_the_season
