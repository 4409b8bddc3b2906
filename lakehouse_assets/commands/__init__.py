"""The bodies of the `asklake` commands: on the tables (lake), questions (asking), servers (serving) and the rest here.

Belongs here: turning arguments into calls of the platform, and results into tables, sentences or JSON.
Does not belong here: anything a schedule, a sensor or the API would need too.
What takes 50 ms or more to import, a command that does without it does not wait for: it is imported inside functions.
"""
