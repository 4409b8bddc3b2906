"""What the steps of all assets share: resources, bounds on the config of a run, what becomes of an error.

Does not belong here: what one kind of table needs, which is its factory's.
"""
