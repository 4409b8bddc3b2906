-- One row per calendar day from 2009 to 2035.
with

span as (
    select
        date '2009-01-01' as first_day,
        date '2035-12-31' as last_day
)

select days.day as date_day
from {{ days_of_spans("span", "days") }}
