"""The resources of the code location.

Belongs here: what a run opens. Does not belong here: anything opened when the location is loaded, or anything that a
run config may choose: whoever launches a run works on the data the environment names.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings, get_settings

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake


class LakeResource:
    """The lake, opened at first use; `home` overrides where the environment says the data is."""

    def __init__(self, home: Path | None = None) -> None:
        """Nothing is opened yet."""
        self._home = home

    def settings(self) -> Settings:
        """The settings of the process, with this resource's override."""
        settings = get_settings()
        return settings.model_copy(update={"home": self._home}) if self._home else settings

    @cached_property
    def lake(self) -> Lake:
        """The lake; the same object for all assets of a run."""
        return Lake(self.settings())


Lakehouse = dg.ResourceParam[LakeResource]
"""How an asset, a sensor or a schedule asks for the lake."""


def lake_resource(home: Path | None = None) -> dg.ResourceDefinition:
    """The definition of the lake: one `LakeResource` per run, which no run config can lead elsewhere.

    Not a `ConfigurableResource`: a run config may override every field of one, those that were given a value too.
    """
    return dg.ResourceDefinition(
        lambda _context: LakeResource(home), config_schema={}, description="The lake that the environment names."
    )
