"""Whether the project holds together: contracts, dbt models, sources, semantic models and owners.

Belongs here: findings about files of the project, each with its place. Does not belong here: whether data is right
(lakehouse.audit), or writing files (drafting).
"""
