"""What a source makes of raw records: the statements of a load, checked against the contract of its table.

Belongs here: columns, keys and tenants. Does not belong here: how one text becomes a value (values), or running the
statements (loads).
"""
