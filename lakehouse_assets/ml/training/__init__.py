"""Training: choosing a model, fitting it, judging it beside baselines and beside the one that serves.

Belongs here: what needs examples alone. Does not belong here: the lake, processes and their time (runs).
"""
