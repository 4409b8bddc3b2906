-- Of every hour of the run, each call of bronze counts once, in the hour that its latest copy says.
with

calls as (
    select
        record_key,
        max_by(called_at, (loaded_at, load_id, source_row)) as called_at
    from {{ source("bronze", "api_calls") }}
    where {{ in_hours("called_at") }}
    group by record_key
),

received as (
    select
        date_trunc('hour', called_at) as hour_start,
        count(*) as call_count
    from calls
    group by date_trunc('hour', called_at)
),

counted as (
    select
        hour_start,
        cast(sum(call_count) as bigint) as call_count
    from {{ ref("mart_api_calls_hourly") }}
    where {{ in_hours("hour_start") }}
    group by hour_start
)

select
    hour_start,
    received.call_count as received_count,
    counted.call_count as counted_count
from received
full outer join counted using (hour_start)
where coalesce(received.call_count, 0) <> coalesce(counted.call_count, 0)
