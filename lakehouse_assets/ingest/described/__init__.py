"""What a source may say, as the models of its YAML: a module for what all say, and one for each kind.

A new kind is a module with its fields and a `SourceKind`, a base and a line in `sources`, and what reads it.
Belongs here: these models. Does not belong here: reading the YAML (sources), or the data (readers, fetching, intake).
"""
