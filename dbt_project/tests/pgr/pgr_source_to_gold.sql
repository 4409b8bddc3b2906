-- Of every day of the run, bronze in its latest version and the funnel hold the same number of events.
with

source_events as (
    select
        event_date as metric_date,
        tenant_id,
        count(*) as event_count
    from (
        select
            event_date,
            tenant_id,
            row_number() over (
                partition by tenant_id, record_key
                order by loaded_at desc, load_id desc, source_row desc
            ) as version_no
        from {{ source("bronze", "service_events_raw") }}
        where service = 'PGR' and {{ in_days("event_date") }}
    ) as versions
    where version_no = 1
    group by event_date, tenant_id
),

funnel as (
    select
        metric_date,
        tenant_id,
        sum(event_count) as event_count
    from {{ staged(ref("gold_pgr_funnel_daily")) }}
    group by metric_date, tenant_id
)

select
    metric_date,
    tenant_id,
    source_events.event_count as source_count,
    funnel.event_count as gold_count
from source_events
full outer join funnel using (metric_date, tenant_id)
where source_events.event_count is distinct from funnel.event_count
