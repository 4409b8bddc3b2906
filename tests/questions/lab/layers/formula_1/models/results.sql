select r."resultId" as result_id, r."driverId" as driver_id, r."constructorId" as constructor_id, r.number as car_number, r.grid, r."position" as finish_position,
    r."positionText" as position_text, r."positionOrder" as position_order, r.points, r.laps, r."time" as finish_time, r.milliseconds, r."fastestLap" as fastest_lap,
    r."rank" as fastest_lap_rank, r."fastestLapTime" as fastest_lap_time, r."fastestLapSpeed" as fastest_lap_speed, r."statusId" as status_id,
    case when regexp_full_match(r."fastestLapTime", '\d+:\d+(\.\d+)?') then split_part(r."fastestLapTime", ':', 1)::double * 60 + split_part(r."fastestLapTime", ':', 2)::double end as fastest_lap_seconds, r.milliseconds / 1000.0 as finish_seconds, s.status as result_status,
    r."raceId" as race_id, g."date" as race_date
from main."results" as r left join main.races as g on g."raceId" = r."raceId"
left join main.status as s on s."statusId" = r."statusId"
