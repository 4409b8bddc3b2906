"""Feature views: that they can be read, and agree with the contracts of their tables.

Belongs here: features.yml of the domains. Does not belong here: what a view is (features.views).
"""

from __future__ import annotations

from collections.abc import Iterator

from lakehouse_assets.checking.findings import Finding
from lakehouse_assets.checking.project import Project
from lakehouse_assets.checking.sources import located
from lakehouse_assets.features.views import FILE_NAME, FeatureError, read_views


def check_features(project: Project) -> Iterator[Finding]:
    """Every feature view reads, and says of its table what the contract says."""
    for path in sorted(project.domains.glob(f"*/{FILE_NAME}")):
        try:
            read_views(path)
        except FeatureError as error:
            yield from (located(path, text, "feature") for text in str(error).splitlines())
