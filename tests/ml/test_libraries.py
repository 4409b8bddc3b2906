"""What is missing is one sentence; nothing heavy is loaded before it is needed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from lakehouse_assets.ml import libraries
from lakehouse_assets.ml.libraries import ModelsMissingError


@pytest.mark.parametrize(
    ("module", "load"),
    [
        ("lightgbm", libraries.lightgbm),
        ("sklearn.metrics", lambda: libraries.sklearn("metrics")),
        ("alembic", libraries.mlflow_tracking),
    ],
)
def test_a_missing_extra_is_one_sentence(module: str, load: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ModelsMissingError, match=r"^Models need more .*: pip install 'asklake\[insight\]'$"):
        load()  # type: ignore[operator]


def test_importing_all_of_it_loads_nothing_heavy() -> None:
    code = (
        "import sys, lakehouse_assets.ml.runs.training_run, lakehouse_assets.definitions;"
        "print(sorted({'lightgbm', 'sklearn', 'mlflow', 'scipy'} & sys.modules.keys()))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
