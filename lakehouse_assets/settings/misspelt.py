"""Variables of the environment that are almost settings.

Belongs here: telling a slip from a variable of somebody else. Does not belong here: reading the environment, or the
warning (settings).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

PREFIX = "ASKLAKE_"
"""What the variable of each setting begins with."""
OF_SCRIPTS = frozenset({
    "ASKLAKE_CLUSTER_HOME", "ASKLAKE_JAVA_HOME", "ASKLAKE_SCREENSHOTS", "ASKLAKE_SERVERS_CACHE",
})  # fmt: skip
"""Variables that scripts of this project read, and no process of it."""


def misspelt(variables: Iterable[str], settings: Iterable[str]) -> dict[str, str]:
    """The variables that are almost settings, each with the variable of the setting that is nearest.

    Others that begin the same way are let be: Kubernetes makes some for each service.

    Args:
        variables: Names of variables.
        settings: Names of settings, without the prefix.
    """
    known = [name.upper() for name in settings]
    found: dict[str, str] = {}
    for variable in sorted(variables):
        name = variable.upper().removeprefix(PREFIX)
        if not variable.upper().startswith(PREFIX) or name in known or f"{PREFIX}{name}" in OF_SCRIPTS:
            continue
        if near := difflib.get_close_matches(name, known, n=1, cutoff=0.7):
            found[variable] = f"{PREFIX}{near[0]}"
    return found
