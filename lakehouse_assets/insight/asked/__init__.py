"""Insights that were asked for: why one figure moved, what is unusual, what comes next, in one answer.

Belongs here: from a plan with an analysis to a sentence, rows and a method. Does not belong here: planning (nlq), the
judging itself (``numeric``, ``testing``, ``explaining``).
"""
