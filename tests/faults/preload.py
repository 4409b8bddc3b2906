"""What every child process needs, loaded once by the server the children are forked from.

Belongs here: imports that take seconds, the parsed dbt project, contracts and sources. Nothing that holds a file, a
thread or a connection open: a fork would share it.
"""

from __future__ import annotations

import os

import pandera.polars
import pyiceberg.catalog.sql
import pyiceberg.io.pyarrow
import pytest

import lakehouse_assets.assets.semantic
import lakehouse_assets.assets.transform
import lakehouse_assets.definitions
import lakehouse_assets.ingest.loads.loader
import lakehouse_assets.lakehouse.dbt.duckdb_plugin
import lakehouse_assets.lakehouse.upkeep.maintenance
import semantic.layer
from lakehouse_assets.builds import dbt_graph
from lakehouse_assets.contracts import platform_contracts
from lakehouse_assets.ingest.sources import all_sources
from lakehouse_assets.lakehouse.dbt import manifest
from lakehouse_assets.settings import Settings

MODULES = (
    pandera.polars,
    pyiceberg.catalog.sql,
    pyiceberg.io.pyarrow,
    pytest,
    lakehouse_assets.definitions,
    lakehouse_assets.assets.semantic,
    lakehouse_assets.assets.transform,
    lakehouse_assets.ingest.loads.loader,
    lakehouse_assets.lakehouse.dbt.duckdb_plugin,
    lakehouse_assets.lakehouse.upkeep.maintenance,
    semantic.layer,
)

# dbt's static parser has a pool of threads, which a forked process lacks: whoever parses there would wait for ever.
os.environ["DBT_STATIC_PARSER"] = "false"
manifest.load(Settings())
dbt_graph.load(Settings())
platform_contracts()
all_sources()
