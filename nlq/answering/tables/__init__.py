"""What is known of the tables that answers are read from: the days they have data of, and how fresh they are.

Does not belong here: what an answer says of it (``document``).
"""
