"""Search by meaning: what is said of the lakehouse and in it, as passages, found by words and by what they mean.

Belongs here: passages, their index, finding them. Does not belong here: answering questions with figures (``nlq``), or
the command and the page that show what was found.
"""
