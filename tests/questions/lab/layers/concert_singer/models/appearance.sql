select s."concert_ID" || '/' || s."Singer_ID" as appearance_id, s."concert_ID" as concert_id, s."Singer_ID" as singer_id, case when try_cast(c."Year" as integer) between 1900 and 2100 then make_date(try_cast(c."Year" as integer), 1, 1) end as concert_date
from main.singer_in_concert as s left join main.concert as c on c."concert_ID" = s."concert_ID"
