select r."constructorStandingsId" as standing_id, r."constructorId" as constructor_id, r.points, r."position" as standing_position, r."positionText" as position_text, r.wins,
    r."raceId" as race_id, g."date" as race_date
from main."constructorStandings" as r left join main.races as g on g."raceId" = r."raceId"
