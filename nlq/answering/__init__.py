"""From an outcome to an answer: run what was planned, chart it, remember it."""
