"""The computation of insights: statistics on small arrays, numpy alone.

Belongs here: what knows numbers and steps of time only. Does not belong here: metrics, plans, words.
"""
