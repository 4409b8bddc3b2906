"""The answer as a document: its columns and cells, its chart, what it took over, and what is known in part only.

Does not belong here: working it out (``answer``, ``compiling``), pages that show it (``service``).
"""
