select r."raceId" || '/' || r."driverId" || '/' || r."stop" as pit_stop_id, r."driverId" as driver_id, r."stop" as stop_number, r.lap as stop_lap, r."time" as stop_time, r.duration, r.milliseconds,
    r."raceId" as race_id, g."date" as race_date
from main."pitStops" as r left join main.races as g on g."raceId" = r."raceId"
