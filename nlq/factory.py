"""What answers questions, put together: over the lake of a profile, or over another dbt project's database.

Belongs here: putting the semantic layer, the values and the answerer together. Does not belong here: any of them.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semantic.fallback import manifests

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.settings import Settings
    from nlq.answering.analysing import Analyst
    from nlq.answering.answer import Answerer
    from nlq.answering.cache import KeptAnswers
    from nlq.answering.texts import FindsTexts


def open_answerer(
    lake: Lake,
    *,
    kept: KeptAnswers | None = None,
    analyst: Analyst | None = None,
    texts: FindsTexts | None = None,
) -> Answerer:
    """What answers questions over this lake; the dbt project is parsed first where its manifest is missing or old.

    Where the project does not parse, questions are answered by the layer that was read last, or without the metrics of
    the domain at fault; the answers say so.

    Args:
        lake: Where the tables are.
        kept: Answers to give again as long as they hold; none if None.
        analyst: Finds out more about figures (lakehouse_assets.insight); questions that need it are refused if None.
        texts: Finds passages (lakehouse_assets.search); questions that ask for text are refused if None.

    Raises:
        DbtFailedError: the project does not parse, never did, and not for the semantic models of one domain alone.
    """
    from nlq.answering.answer import Answerer
    from nlq.answering.compiling.layer import PlannedLayer
    from nlq.watching.planner import WishesTold
    from semantic.layer import SemanticLayer
    from semantic.values import DimensionValues

    target, stale = manifests(lake.settings)
    layer = SemanticLayer(lake.settings, target_dir=target)
    values = DimensionValues(lake, layer, folder=lake.settings.values_dir)
    planned = PlannedLayer(layer, values, stale, root=lake.settings.project_root)
    planning = _planning(lake.settings)
    planning["planner"] = WishesTold.around(planning["planner"])
    return Answerer(
        lake, planned, kept=kept, most_figures=lake.settings.most_figures, days_of=lake.settings.time_zone,
        analyst=analyst, texts=texts, **planning,
    )  # fmt: skip


def open_foreign(
    settings: Settings, project: Path, database: Path | str, *, analyst: Analyst | None = None
) -> Answerer:
    """What answers questions over a database by the semantic models of a dbt project that is none of ours.

    ``database`` is as ``foreign.databases`` takes it, ``analyst`` as for ``open_answerer``.

    The project's own ``target/semantic_manifest.json`` is used where it is as new as the project; else the project
    is parsed, into a folder of ours.

    Raises:
        FileNotFoundError: there is no dbt project, or no database file.
        ValueError: the address of the database is none.
        DbtFailedError: the project does not parse.
    """
    from lakehouse_assets.lakehouse.foreign.databases import open_database
    from lakehouse_assets.lakehouse.foreign.dbt_project import parsed
    from lakehouse_assets.lakehouse.zones import NO_ZONE
    from nlq.answering.answer import Answerer
    from nlq.answering.compiling.layer import PlannedLayer
    from semantic.layer import SemanticLayer
    from semantic.values import DimensionValues

    opened = open_database(settings, str(database))
    target = parsed(settings, project, opened.output)
    # Its days are its own affair.
    layer = SemanticLayer(settings, target_dir=target, dialect=opened.dialect, zone=NO_ZONE)
    planned = PlannedLayer(layer, DimensionValues(opened.lake, layer))
    return Answerer(opened.lake, planned, analyst=analyst, **_planning(settings))


def _planning(settings: Settings) -> dict[str, Any]:
    """How an answerer plans: by the rules alone, or beside the language model that the settings name."""
    from nlq.core.zones import Zones
    from nlq.llm.client import ModelClient
    from nlq.planning.planner import Planner

    rules = partial(Planner, fiscal_start=settings.fiscal_year_start)
    zones = Zones(settings.time_zone, settings.zones_of_tenants)
    client = ModelClient.of(settings)
    if client is None:
        return {"planner": rules, "zones": zones}
    from nlq.llm.planner import BothPlanners, ModelPlanner
    from nlq.llm.summary import summary_of

    return {
        "zones": zones,
        "planner": lambda vocabulary: BothPlanners(rules(vocabulary), ModelPlanner(vocabulary, client)),
        "planner_name": BothPlanners.name,
        "summarise": (lambda answer: summary_of(answer, client)) if settings.llm_summary else None,
    }
