"""Forms of one word have one stem, and other words another."""

from __future__ import annotations

from nlq.english.forms import stem


def test_states_are_no_statistics() -> None:
    assert stem("states") == stem("state")
    assert stem("stats") == stem("statistics")
    assert stem("states") != stem("stats")
