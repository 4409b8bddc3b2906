select r."qualifyId" as qualify_id, r."driverId" as driver_id, r."constructorId" as constructor_id, r.number as qualifying_number, r."position" as qualifying_position, r.q1, r.q2, r.q3,
    case when regexp_full_match(r.q1, '\d+:\d+(\.\d+)?') then split_part(r.q1, ':', 1)::double * 60 + split_part(r.q1, ':', 2)::double end as q1_seconds, case when regexp_full_match(r.q2, '\d+:\d+(\.\d+)?') then split_part(r.q2, ':', 1)::double * 60 + split_part(r.q2, ':', 2)::double end as q2_seconds, case when regexp_full_match(r.q3, '\d+:\d+(\.\d+)?') then split_part(r.q3, ':', 1)::double * 60 + split_part(r.q3, ':', 2)::double end as q3_seconds,
    r."raceId" as race_id, g."date" as race_date
from main."qualifying" as r left join main.races as g on g."raceId" = r."raceId"
