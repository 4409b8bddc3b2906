-- One row per day of loading, bronze table and tenant.
{{ config(replaces="table") }}
with

received as (
    {{ received_records(
        ["users", "feature_usage_hourly", "sessions", "experiments", "funnel_events"], ref("telemetry_quarantine")
    ) }}
)

select
    load_date,
    table_name,
    tenant_id,
    records_received,
    records_repeated,
    records_refused,
    records_held_back,
    records_received - records_repeated - records_refused - records_held_back as records_sound,
    100.0e0 * (records_received - records_repeated - records_refused - records_held_back)
    / records_received as quality_score
from received
