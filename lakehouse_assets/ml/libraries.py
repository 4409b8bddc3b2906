"""The door to what models are made with: each library is loaded when it is first needed, and told of where missing.

Belongs here: those imports, and keeping the libraries quiet and offline. Does not belong here: any use of them.
"""

from __future__ import annotations

import importlib
import logging
import os
from importlib.util import find_spec
from types import ModuleType
from typing import Any

MISSING = "Models need more than is installed here: pip install 'asklake[insight]'"


class ModelsMissingError(RuntimeError):
    """What models are made with is not installed; the message says how it is."""

    def __init__(self) -> None:
        """Say it."""
        super().__init__(MISSING)


def lightgbm() -> Any:
    """LightGBM.

    Raises:
        ModelsMissingError: it is not installed.
    """
    return _loaded("lightgbm")


def sklearn(part: str) -> Any:
    """A module of scikit-learn, such as `metrics`.

    Raises:
        ModelsMissingError: it is not installed.
    """
    return _loaded(f"sklearn.{part}")


def stats() -> Any:
    """SciPy's statistics, which scikit-learn brings.

    Raises:
        ModelsMissingError: it is not installed.
    """
    return _loaded("scipy.stats")


def refuse_missing() -> None:
    """See whether all is installed that training takes, without loading it.

    Raises:
        ModelsMissingError: something is not.
    """
    for name in ("lightgbm", "sklearn", "mlflow", "alembic"):
        try:
            there = find_spec(name) is not None
        except ValueError:  # so it is told of what was hidden from imports
            there = False
        if not there:
            raise ModelsMissingError


def mlflow_tracking() -> Any:
    """MLflow's client of tracking and registry, which tells nobody of its use.

    Raises:
        ModelsMissingError: it, or what its databases need, is not installed.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    for needed in ("alembic", "sqlalchemy"):
        _loaded(needed)
    found = _loaded("mlflow.tracking")
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return found


def _loaded(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise ModelsMissingError from error
