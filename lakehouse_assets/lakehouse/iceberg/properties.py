"""Names of what the snapshots of publications say of themselves, in their summary, and tables in their properties.

Belongs here: names that several rooms write or read. Does not belong here: what a value means to one reader alone.
"""

PUBLICATION_ID = "asklake.publication-id"
RUN_ID = "asklake.run-id"
SOURCE_PREFIX = "asklake.source."
"""With the identifier of a table that rows were made from: the snapshot it was read at."""
TIME_ZONE = "asklake.time-zone"
"""The time zone by which rows were given their days; UTC where nothing is said."""
DAYS_OF_UTC = "asklake.days-of-utc"
"""Property of a table whose days are those of UTC, whatever the project's time zone: `true`."""
COMPACTION = "asklake.compaction"
"""Property of a publication that replaces files by others with the same rows."""
GREATEST = "asklake.newest-"
"""How properties begin that never fall: each is a text that sorts, and a snapshot keeps the greater of its own and that
of the one before."""
