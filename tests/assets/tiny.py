"""A few bronze rows, published the way every row is, so that tests of later layers need no files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import dagster as dg

from lakehouse_assets.assets.steps.resources import lake_resource
from lakehouse_assets.domains import all_contracts, contract_of
from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.dbt import manifest
from lakehouse_assets.lakehouse.iceberg.overwrite import Append
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.publish.begin import open_publication
from lakehouse_assets.settings import Settings

CONTRACTS = {c.identifier: c for c in all_contracts()}
EVENTS = contract_of("bronze.service_events_raw")
Event = tuple[str, str, str, int]
"""Complaint, event type, day, and which version of the event this is."""


def publish_events(
    lake: Lake, events: Sequence[Event], *, channel: str = "WEB", key_day: bool = True, contract: Contract = EVENTS
) -> int:
    """Append PGR events to bronze; returns the snapshot they are in.

    Args:
        lake: The lake.
        events: The events.
        channel: Channel of all of them.
        key_day: Whether the day is part of an event's identity; without it, an event may move to another day.
        contract: What the events keep to.
    """
    rows = [_row(i, *event, channel, key_day) for i, event in enumerate(events, start=1)]
    publication = open_publication(lake, run_id="test")
    with publication.session() as session:
        publication.stage_query(contract, " union all ".join(rows), session, Append())
        publication.audit()
    return publication.publish()[0].snapshot_id


def _row(number: int, complaint: str, kind: str, day: str, version: int, channel: str, key_day: bool) -> str:
    loaded = datetime(2025, 1, 1) + timedelta(hours=version)
    key = f"{complaint}/{kind}/{day if key_day else ''}"
    return f"""
        select date '{day}' as event_date, timestamp '{day} 10:00:00' as event_time, 'pb.amritsar' as tenant_id,
            'PGR' as service, 'COMPLAINT' as entity_type, '{complaint}' as entity_id, '{kind}' as event_type,
            null as status, 'CITIZEN' as actor_type, null as actor_id, '{channel}' as channel, 'WARD_01' as ward_id,
            null as locality_id,
            '{{"complaint_type": "STREETLIGHT", "priority": "HIGH", "sla_hours": 48}}' as attributes_json,
            '{{}}' as raw_payload, md5('{key}') as record_key, 'load-{version}' as load_id, 'test' as source,
            'test.csv' as source_file, {number} as source_row, timestamp '{loaded}' as loaded_at
    """


def parsed(settings: Settings) -> Settings:
    """Settings whose dbt manifest exists."""
    manifest.load(settings)
    return settings


def resource(settings: Settings) -> dg.ResourceDefinition:
    """The lake of the test as the resource that assets ask for."""
    return lake_resource(settings.home)


def days(first: str, count: int) -> list[date]:
    """A few days in a row."""
    return [date.fromisoformat(first) + timedelta(days=i) for i in range(count)]


def in_range(first: str, last: str) -> dict[str, str]:
    """Run tags for a range of partitions."""
    from lakehouse_assets.assets.metadata.partitions import range_tags

    return dict(range_tags(date.fromisoformat(first), date.fromisoformat(last)))


def run(
    asset: dg.AssetsDefinition,
    settings: Settings,
    *,
    tags: dict[str, str] | None = None,
    instance: dg.DagsterInstance | None = None,
    selection: Sequence[dg.AssetKey] | None = None,
) -> dg.ExecuteInProcessResult:
    """Materialize one asset definition in this process."""
    definitions = dg.Definitions(
        assets=[asset],
        jobs=[dg.define_asset_job("job", selection=[asset], executor_def=dg.in_process_executor)],
        resources={"lakehouse": resource(settings)},
    )
    return definitions.resolve_job_def("job").execute_in_process(
        tags=tags or {}, instance=instance, asset_selection=selection, raise_on_error=False
    )
