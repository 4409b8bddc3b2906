"""Opening what answers questions: over the lake of a profile, or over another dbt project's database.

Belongs here: putting the semantic layer, the values and the answerer together. Does not belong here: any of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.settings import Settings
    from nlq.answer import Answerer


def open_answerer(lake: Lake) -> Answerer:
    """What answers questions over this lake; the dbt project is parsed first where its manifest is missing or old.

    Raises:
        DbtFailedError: the project does not parse.
    """
    from nlq.answer import Answerer
    from nlq.layer import PlannedLayer
    from semantic.layer import SemanticLayer
    from semantic.values import DimensionValues

    _parse_if_needed(lake)
    layer = SemanticLayer(lake.settings)
    return Answerer(
        lake, PlannedLayer(layer, DimensionValues(lake, layer)), fiscal_start=lake.settings.fiscal_year_start
    )


def open_foreign(settings: Settings, project: Path, database: Path) -> Answerer:
    """What answers questions over a DuckDB file by the semantic models of a dbt project that is none of ours.

    The project's own ``target/semantic_manifest.json`` is used where it is as new as the project; else the project
    is parsed, into a folder of ours.

    Raises:
        FileNotFoundError: there is no dbt project, or no database file.
        DbtFailedError: the project does not parse.
    """
    from lakehouse_assets.lakehouse.database import DatabaseLake
    from lakehouse_assets.lakehouse.foreign_project import parsed
    from nlq.answer import Answerer
    from nlq.layer import PlannedLayer
    from semantic.layer import SemanticLayer
    from semantic.values import DimensionValues

    lake = DatabaseLake(settings, database)
    layer = SemanticLayer(settings, target_dir=parsed(settings, project, database), dialect="duckdb")
    values = DimensionValues(lake, layer)
    return Answerer(lake, PlannedLayer(layer, values), fiscal_start=settings.fiscal_year_start)


def _parse_if_needed(lake: Lake) -> None:
    settings = lake.settings
    manifest = settings.dbt_target_dir / "semantic_manifest.json"
    sources = (settings.project_root / "semantic" / "models").rglob("*.yml")
    newest = max((source.stat().st_mtime for source in sources), default=0.0)
    if not manifest.exists() or manifest.stat().st_mtime < newest:
        from lakehouse_assets.lakehouse.dbt_runner import parse

        parse(settings)
