"""Models: that they can be read, and agree with feature views and the contracts of their tables.

Belongs here: models.yml of the domains. Does not belong here: what a model is (ml.declared).
"""

from __future__ import annotations

from collections.abc import Iterator

from lakehouse_assets.checking.findings import Finding
from lakehouse_assets.checking.project import Project
from lakehouse_assets.checking.sources import located
from lakehouse_assets.ml.declared import FILE_NAME, ModelError, read_models


def check_learnt_models(project: Project) -> Iterator[Finding]:
    """Every model reads, and goes by a view and tables that there are."""
    for path in sorted(project.domains.glob(f"*/{FILE_NAME}")):
        try:
            read_models(path)
        except ModelError as error:
            yield from (located(path, text, "model") for text in str(error).splitlines())
