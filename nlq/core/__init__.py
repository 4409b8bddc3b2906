"""What every other room speaks of: vocabulary, plan, outcome, calendar, words, and the guard."""
