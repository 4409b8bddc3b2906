-- A settled complaint breached its SLA exactly when it was settled after the deadline; an SLA is positive.
select *
from {{ staged(ref("gold_pgr_case_lifecycle")) }}
where
    sla_hours <= 0
    or is_sla_breached is distinct from (
        least(coalesce(resolved_at, closed_at), coalesce(closed_at, resolved_at))
        > {{ plus_hours("submitted_at", "sla_hours") }}
    )
