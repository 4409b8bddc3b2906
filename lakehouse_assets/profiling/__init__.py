"""Profiles: what the rows of a table, a load or a file are like, computed by the engine that reads them.

The door is `compute.profile_of`, for anything that stands after FROM in DuckDB or Trino:

    from lakehouse_assets.profiling.compute import profile_of, small

    con.register("preview", arrow_table)
    profile = profile_of("preview", lambda sql: small(con.execute(sql)), DIALECT)
    profile.to_json()                 # plain values that any JSON writer takes
    profile.without_values({"phone"})  # for those who may not see what is in a column

Belongs here: computing and judging profiles. Does not belong here: how they look (commands, service.web), or
reading files into relations (ingest, drafting).
"""
