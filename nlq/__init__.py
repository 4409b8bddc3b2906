"""Questions in plain language: plan, guard, compile, run, explain; and the queue that holds them."""
