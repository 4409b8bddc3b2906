"""From an outcome to an answer: run what was planned, chart it, remember it.

``answer`` leads through it: a plan becomes a statement (``compiling``) over tables (``tables``), its rows a document
(``document``). Does not belong here: planning (``planning``), where answers are kept (``storage``).
"""
