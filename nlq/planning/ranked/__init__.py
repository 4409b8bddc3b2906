"""Whole plans, ranked: what a question that the rules do not read may ask, by weights that are learned and can be read.

See ``ranker``.
"""
