-- Records held back: they wait for their user. Told, not refused.
{{ config(severity="warn") }}
select *
from {{ staged(ref("telemetry_quarantine")) }}
