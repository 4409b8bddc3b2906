-- The days of the run's months count what their hours count.
with

hours as (
    select
        call_date,
        sum(call_count) as call_count
    from {{ ref("mart_api_calls_hourly") }}
    {%- if is_partial() %}
    where {{ in_months("call_date", months_of_run()) }}
    {%- endif %}
    group by call_date
),

days as (
    select
        call_date,
        sum(call_count) as call_count
    from {{ ref("mart_api_calls_daily") }}
    {%- if is_partial() %}
    where {{ in_months("call_date", months_of_run()) }}
    {%- endif %}
    group by call_date
)

select
    call_date,
    hours.call_count as of_hours,
    days.call_count as of_days
from hours
full outer join days using (call_date)
where coalesce(hours.call_count, 0) <> coalesce(days.call_count, 0)
