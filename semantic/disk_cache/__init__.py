"""What a new process need not work out again: compiled queries and the values of dimensions, kept on disk.

Does not belong here: when something is worked out anew, which its user decides (``layer``, ``values``).
"""
