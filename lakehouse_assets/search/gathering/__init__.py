"""Passages of what is there: of each origin all of them, with the state that they are of.

Belongs here: from what is declared, kept or written in a table to passages. Does not belong here: keeping them.
"""
