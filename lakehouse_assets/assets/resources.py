"""The resources of the code location.

Belongs here: what a run opens. Does not belong here: anything opened when the location is loaded.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import PrivateAttr

from lakehouse_assets.settings import Settings, get_settings

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake


class LakeResource(dg.ConfigurableResource):
    """The lake, opened at first use; `home` overrides where the environment says the data is."""

    home: str = ""
    _lake: Lake | None = PrivateAttr(default=None)

    def settings(self) -> Settings:
        """The settings of the process, with this resource's override."""
        settings = get_settings()
        return settings.model_copy(update={"home": Path(self.home)}) if self.home else settings

    @property
    def lake(self) -> Lake:
        """The lake; the same object for all assets of a run."""
        if self._lake is None:
            from lakehouse_assets.lakehouse.lake import Lake

            self._lake = Lake(self.settings())
        return self._lake
