"""Insights: what is unusual in the figures, what moves them, what comes next, and what follows from it.

Belongs here: the judging of figures, read as plans like any other, and the table of what was found. Does not belong
here: pages and addresses (service), trained models (ml).
"""
