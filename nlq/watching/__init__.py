"""Being told when a figure moves, or sent it by the clock: words, conditions, judging; no HTTP, no database.

Belongs here: what a sentence such as "tell me when backlog in ward 3 passes 100" asks for, and when that is so.
Does not belong here: keeping alerts and sending messages (``lakehouse_assets.alerts``).
"""
