-- One row per user and version, in the months in which a version of a user touched by the run begins.
{{ config(replaces="touched", touched="telemetry_touched_user_days") }}
{%- set days = telemetry_touched_user_days() %}
{%- set changes = rows_of_touched(
    source("bronze", "users"), "change_date", days, "telemetry_touched_users", ["tenant_id", "user_id"]
) %}
with

versions as (
    {{ scd2_versions(changes ~ " as changes", ["tenant_id", "user_id"], telemetry_user_attributes()) }}
)

select
    tenant_id,
    user_id,
    version_no,
    valid_from,
    valid_to,
    is_current,
    valid_from_date,
    first_seen,
    age,
    gender,
    region,
    user_segment,
    record_key,
    load_id,
    loaded_at
from versions
{%- if is_partial() %}

-- What the run does not touch in these months stays as it is.
union all
select {{ contract_columns("kept") }}
from {{ published(this.identifier) }} as kept
left join {{ remembered("telemetry_touched_users") }} as touched
    on kept.tenant_id = touched.tenant_id and kept.user_id = touched.user_id
where touched.user_id is null and {{ in_months("kept.valid_from_date", months_of_days(days)) }}
{%- endif %}
