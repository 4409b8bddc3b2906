"""The server that child processes are forked from: a process has one, and what it has loaded is settled when it starts.

Belongs here: having one that has loaded what a test needs, whatever ran before in the same process. Does not belong
here: the children (faults.processes).
"""

from __future__ import annotations

import os
from multiprocessing import forkserver, get_context
from typing import Any

from lakehouse_assets.settings.lake import PROJECT_ROOT

_SERVER: Any = forkserver._forkserver  # pyright: ignore[reportAttributeAccessIssue]
_loaded: dict[int, str] = {}
"""What each server that was started here has loaded, by its process."""


def end_server() -> None:
    """End the server of this process, if there is one; its children have to have ended."""
    _SERVER._stop()


def serve_from(module: str) -> None:
    """Have children forked from a server that has loaded a module of the tests; one that has not is ended first.

    It loads while this process goes on.
    """
    if _loaded.get(_SERVER._forkserver_pid) == module:
        return
    end_server()
    get_context("forkserver").set_forkserver_preload([module])
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(PROJECT_ROOT), before]))
    try:
        forkserver.ensure_running()
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
    _loaded[_SERVER._forkserver_pid] = module
