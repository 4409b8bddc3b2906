-- Tables of which less than 95 of 100 records received are sound, over all loads.
{{ config(severity="warn") }}
select
    table_name,
    100.0e0 * sum(records_sound) / sum(records_received) as quality_score
from {{ staged(ref("mart_data_quality")) }}
group by table_name
having 100.0e0 * sum(records_sound) / sum(records_received) < 95
