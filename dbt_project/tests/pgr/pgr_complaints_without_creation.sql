-- Complaints with events on the days of the run, but held back from gold because no CREATED event is known.
{{ config(severity="warn") }}
select
    touched.tenant_id,
    touched.complaint_id
from {{ pgr_touched_cases() }} as touched
inner join (
    select distinct
        tenant_id,
        complaint_id
    from {{ staged(ref("silver_pgr_events")) }}
) as events
    on touched.tenant_id = events.tenant_id and touched.complaint_id = events.complaint_id
left join {{ staged(ref("gold_pgr_case_lifecycle")) }} as cases
    on touched.tenant_id = cases.tenant_id and touched.complaint_id = cases.complaint_id
where cases.status is null
