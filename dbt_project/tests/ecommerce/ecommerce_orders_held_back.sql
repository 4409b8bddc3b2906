-- Records held back, in what the run made: they wait for what they belong to. Told, not refused.
{{ config(severity="warn") }}
select *
from {{ staged(ref("silver_ecommerce_quarantine")) }}
