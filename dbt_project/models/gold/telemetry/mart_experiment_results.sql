-- One row per tenant, experiment and variant.
{{ config(replaces="table") }}
with

counted as (
    select
        tenant_id,
        experiment_id,
        variant,
        min(assigned_date) as started_date,
        min(experiment_name) as experiment_name,
        min(goal) as goal,
        count(*) as participants,
        count(case when is_converted then 1 end) as conversions,
        {{ hours_of("sum(" ~ millis_between("assigned_at", "converted_at") ~ ")") }}
        / nullif(count(converted_at), 0) as avg_hours_to_convert
    from {{ ref("stg_experiments") }}
    group by tenant_id, experiment_id, variant
),

rated as (
    select
        *,
        cast(conversions as double) / participants as rate,
        {{ wilson_low("conversions", "participants") }} as rate_low,
        {{ wilson_high("conversions", "participants") }} as rate_high
    from counted
),

compared as (
    select
        a.*,
        b.rate as control_rate,
        case when a.variant <> 'control' then a.rate - b.rate end as difference,
        case
            when a.variant <> 'control'
                then {{ newcombe_low("a.rate", "a.rate_low", "b.rate", "b.rate_high") }}
        end as difference_low,
        case
            when a.variant <> 'control'
                then {{ newcombe_high("a.rate", "a.rate_high", "b.rate", "b.rate_low") }}
        end as difference_high
    from rated as a
    left join rated as b
        on
            a.tenant_id = b.tenant_id
            and a.experiment_id = b.experiment_id
            and b.variant = 'control'
)

select
    started_date,
    tenant_id,
    experiment_id,
    experiment_name,
    goal,
    variant,
    participants,
    conversions,
    rate as conversion_rate,
    rate_low as conversion_rate_low,
    rate_high as conversion_rate_high,
    control_rate,
    difference,
    difference_low,
    difference_high,
    difference / nullif(control_rate, 0) as relative_lift,
    difference_low > 0 or difference_high < 0 as is_significant,
    avg_hours_to_convert
from compared
