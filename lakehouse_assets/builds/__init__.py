"""Which days of which tables are to be made, and what dbt knows of the tables made of them.

Belongs here: decisions from the state of the lake and the graph of models. Does not belong here: Dagster (assets,
automation), or making a table (lakehouse).
"""
