select r."driverStandingsId" as standing_id, r."driverId" as driver_id, r.points, r."position" as standing_position, r."positionText" as position_text, r.wins,
    r."raceId" as race_id, g."date" as race_date
from main."driverStandings" as r left join main.races as g on g."raceId" = r."raceId"
