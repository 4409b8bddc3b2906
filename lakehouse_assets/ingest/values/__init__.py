"""Texts as values: SQL that reads numbers, times, expressions and JSON exactly, or says why it cannot.

Belongs here: one value at a time. Does not belong here: which column it fills (mapping), or what file it is from
(readers).
"""
