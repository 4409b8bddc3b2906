"""Files and folders: which there are, which may be loaded, and their bytes.

Belongs here: everything below the level of a record. Does not belong here: what a record is (readers).
"""
