select r."raceId" || '/' || r."driverId" || '/' || r.lap as lap_time_id, r."driverId" as driver_id, r.lap, r."position" as lap_position, r."time" as lap_time, r.milliseconds, r.milliseconds / 1000.0 as lap_seconds,
    r."raceId" as race_id, g."date" as race_date
from main."lapTimes" as r left join main.races as g on g."raceId" = r."raceId"
