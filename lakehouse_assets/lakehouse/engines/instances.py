"""Opening DuckDB: every instance of the program is made here.

None fetches anything: no extension is installed or loaded but those that the lockfile pins, by their files, and no
variable of Python or secret of the user's folder is read. Nearly all are locked as well: they open no file outside
named folders, and no statement can change that.
Belongs here: how an instance is made and locked. Does not belong here: limits of a profile and sessions (duckdb), or
which statements people may run (select_statements).
"""

from __future__ import annotations

import glob
import importlib.util
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb

from lakehouse_assets.lakehouse.sql import literal

EXTENSIONS = ("avro", "iceberg")
"""What reading Iceberg tables takes."""
OF_S3 = ("httpfs",)
"""What reading them from S3 takes besides."""
SELF_CONTAINED: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "allow_persistent_secrets": False,
    "python_enable_replacements": False,
}
"""Options of every instance. With the engine's own, a statement that names a function of an extension has it fetched
from the network, over plain HTTP; without a network it waits for a minute."""
PINNED_BY_HASH: dict[str, str | bool | int | float | list[str]] = {**SELF_CONTAINED, "allow_unsigned_extensions": True}
"""Options of an instance until `load_extensions` is done. uv.lock pins the wheels by their hashes; checking signatures
as well is 60 MB to read for every instance, 0.7 s."""


def open_instance(extensions: Sequence[str] = ()) -> duckdb.DuckDBPyConnection:
    """A new instance, which may still be configured: `lock` it before it runs what is not the program's own.

    Args:
        extensions: Names of extensions to load.
    """
    con = duckdb.connect(config=PINNED_BY_HASH if extensions else SELF_CONTAINED)
    # DuckDB draws it on stdout after two seconds, in the midst of a document for programs.
    con.execute("set enable_progress_bar = false")
    if extensions:
        load_extensions(con, extensions)
    return con


def open_closed(files: Iterable[str | Path] = ()) -> duckdb.DuckDBPyConnection:
    """A new locked instance in UTC, for values and Arrow tables that are given to it.

    Args:
        files: Paths of the only files it may open.
    """
    con = open_instance()
    con.execute("set timezone = 'UTC'")
    lock(con, files=files)
    return con


def lock(con: Any, folders: Iterable[str | Path] = (), *, files: Iterable[str | Path] = ()) -> None:
    """Let an instance open nothing but what is in some folders, and some files, and no option be changed any more.

    What it may read there it may also write: DuckDB does not tell the one from the other.

    Args:
        con: A connection to the instance.
        folders: Folders by the names that statements and tables call them by; links are not followed,
            and what is a pattern to the engine may be written as one that means only itself.
        files: Paths of further files.
    """
    for option, names in (
        (
            "allowed_directories",
            {name for folder in folders for name in (f"{folder}/", f"{glob.escape(str(folder))}/")},
        ),
        ("allowed_paths", {str(file) for file in files}),
    ):
        con.execute(f"set {option} = [{', '.join(map(literal, sorted(names)))}]")
    con.execute("set enable_external_access = false")
    con.execute("set lock_configuration = true")


def extension_path(name: str) -> Path:
    """Where the wheel `duckdb-extension-<name>` keeps its binary, so that loading needs no network.

    Raises:
        RuntimeError: the wheel for this DuckDB is not installed.
    """
    spec = importlib.util.find_spec(f"duckdb_extension_{name}")
    if spec is None or spec.origin is None:
        raise RuntimeError(f"package duckdb-extension-{name} is missing: run `uv sync`")
    folder = Path(spec.origin).parent / "extensions" / f"v{duckdb.__version__}"
    return folder / f"{name}.duckdb_extension"


def load_extensions(con: Any, names: Sequence[str] = EXTENSIONS) -> None:
    """Load extensions from their wheels into an instance made with `PINNED_BY_HASH`, and then no unsigned ones."""
    for name in names:
        con.execute(f"load {literal(str(extension_path(name)))}")
    con.execute("set allow_unsigned_extensions = false")
