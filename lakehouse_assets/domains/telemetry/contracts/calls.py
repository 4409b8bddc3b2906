"""Contracts of the calls of the application's API, in every layer: a stream, so that its tables are by hour.

Millions of calls come in a day; what follows them makes the hours again in which calls came, not the day.
"""

from __future__ import annotations

import polars as pl

from lakehouse_assets.domains.telemetry.contracts.common import table
from lakehouse_assets.lakehouse.contract import Contract, TableModel, Timestamp, column, hour, month, rule

OUTCOMES = ("success", "client error", "server error")


class ApiCalls(TableModel):
    """Every call of the API, as the application reported it: what was received, never changed."""

    called_at: Timestamp = column("When the call came, in UTC.")
    tenant_id: pl.String = column("Tenant (customer organisation) that called.")
    call_id: pl.String = column("Identifier of the call, unique within the tenant.")
    user_id: pl.String = column("User in whose name the call was made.", nullable=True)
    endpoint: pl.String = column("What was called, such as /v1/search.")
    status: pl.Int32 = column("HTTP status of the answer, such as 200.", ge=100, le=599)
    duration_ms: pl.Int32 = column("Milliseconds from the call to its answer.", ge=0)
    raw_payload: pl.String = column("The record exactly as it was received.")
    record_key: pl.String = column("MD5 of the source's deduplication key: equal for two copies of one call.")
    load_id: pl.String = column("Load that brought the row in.")
    source: pl.String = column("Name of the source definition the row was read with.")
    source_file: pl.String = column("File the row was read from.")
    source_row: pl.Int64 = column("Number of the record in that file, from 1.", ge=1)
    loaded_at: Timestamp = column("When the row was loaded, in UTC.")


class StgApiCalls(TableModel):
    """Calls of the API, each once, in its latest version."""

    called_at: Timestamp = column("When the call came, in UTC.")
    tenant_id: pl.String = column("Tenant (customer organisation) that called.")
    call_id: pl.String = column("Identifier of the call, unique within the tenant.")
    user_id: pl.String = column("User in whose name the call was made.", nullable=True)
    endpoint: pl.String = column("What was called, such as /v1/search.")
    status: pl.Int32 = column("HTTP status of the answer, such as 200.", ge=100, le=599)
    outcome: pl.String = column("What the status means: success, client error or server error.", isin=OUTCOMES)
    duration_ms: pl.Int32 = column("Milliseconds from the call to its answer.", ge=0)
    record_key: pl.String = column("MD5 of the source's deduplication key: identifies the call.")
    load_id: pl.String = column("Load that brought in the version kept here.")
    loaded_at: Timestamp = column("When that version was loaded, in UTC.")


class MartApiCallsHourly(TableModel):
    """Calls of the API by hour: how many, how they ended, how long they took."""

    hour_start: Timestamp = column("Beginning of the hour, in UTC.")
    call_date: pl.Date = column("Day of the hour, in UTC.")
    tenant_id: pl.String = column("Tenant (customer organisation) that called.")
    endpoint: pl.String = column("What was called, such as /v1/search.")
    outcome: pl.String = column("How the calls ended: success, client error or server error.", isin=OUTCOMES)
    call_count: pl.Int64 = column("Calls.", ge=1)
    duration_millis: pl.Int64 = column("Milliseconds that they took, added up.", ge=0)
    slowest_millis: pl.Int32 = column("Milliseconds that the slowest of them took.", ge=0)


class MartApiCallsDaily(TableModel):
    """Calls of the API by day, added up from the hours."""

    call_date: pl.Date = column("Day of the calls, in UTC.")
    tenant_id: pl.String = column("Tenant (customer organisation) that called.")
    endpoint: pl.String = column("What was called, such as /v1/search.")
    outcome: pl.String = column("How the calls ended: success, client error or server error.", isin=OUTCOMES)
    call_count: pl.Int64 = column("Calls.", ge=1)
    duration_millis: pl.Int64 = column("Milliseconds that they took, added up.", ge=0)
    slowest_millis: pl.Int32 = column("Milliseconds that the slowest of them took.", ge=0)


CONTRACTS: tuple[Contract, ...] = (
    table(
        ApiCalls, "api_calls", "bronze", ("record_key", "load_id", "source_row"),
        "One row per call and load that brought it.",
        partitions=(hour("called_at"),),
        days_of_utc=True,
        rules=(
            rule(
                "not_from_the_future",
                "called_at <= loaded_at",
                description="Nothing happens after it is loaded.",
                severity="warning",
            ),
        ),
    ),
    table(
        StgApiCalls, "stg_api_calls", "silver", ("tenant_id", "call_id"), "One row per call.",
        partitions=(hour("called_at"),),
        days_of_utc=True,
    ),
    table(
        MartApiCallsHourly, "mart_api_calls_hourly", "gold", ("hour_start", "tenant_id", "endpoint", "outcome"),
        "One row per hour, tenant, endpoint and outcome.",
        partitions=(hour("hour_start"),),
        days_of_utc=True,
        rules=(
            rule(
                "call_date_is_day_of_hour_start",
                "call_date = cast(hour_start as date)",
                description="The day of an hour is its day in UTC.",
            ),
        ),
    ),
    table(
        MartApiCallsDaily, "mart_api_calls_daily", "gold", ("call_date", "tenant_id", "endpoint", "outcome"),
        "One row per day, tenant, endpoint and outcome.",
        partitions=(month("call_date"),),
        days_of_utc=True,
    ),
)  # fmt: skip
