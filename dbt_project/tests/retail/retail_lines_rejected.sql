-- Lines that break a rule, in what the run made. Told, not refused.
{{ config(severity="warn") }}
select *
from {{ staged(ref("silver_retail_rejected")) }}
