"""Alerts and subscriptions: kept, judged when tables move, told once a state, sent until they arrive.

Belongs here: keeping them, deciding who is told what, sending it. Does not belong here: what a condition is and when it
is so (``nlq.watching``), when a look is due by Dagster (``automation``), addresses and pages (``service``).
"""
