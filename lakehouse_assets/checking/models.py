"""Models: that they can be read, and agree with feature views and the contracts of their tables.

Belongs here: models.yml of the domains. Does not belong here: what a model is (ml.declared).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lakehouse_assets.checking.findings import Finding
from lakehouse_assets.checking.located import line_with
from lakehouse_assets.checking.project import Project
from lakehouse_assets.checking.sources import located
from lakehouse_assets.ml.declared import FILE_NAME, ModelError, read_models

_MODEL = re.compile(r"model '(\w+)'")


def check_learnt_models(project: Project) -> Iterator[Finding]:
    """Every model reads, and goes by a view and tables that there are."""
    for path in sorted(project.domains.glob(f"*/{FILE_NAME}")):
        try:
            read_models(path)
        except ModelError as error:
            for text in str(error).splitlines():
                if model := _MODEL.search(text):
                    yield Finding(path, line_with(path, f"name: {model[1]}"), "model", text.split(": ", 1)[-1])
                else:
                    yield located(path, text, "model")
