"""Who may call, how often, and how much at once.

Belongs here: keys, sessions, rates, and threads by caller. Does not belong here: what a call does.
"""
