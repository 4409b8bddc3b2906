"""What every other room speaks of: vocabulary, plan, outcome, calendar, and the guard.

Does not belong here: English (``english``), how a question becomes a plan (``planning``).
"""
