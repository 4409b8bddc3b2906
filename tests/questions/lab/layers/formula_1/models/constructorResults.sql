select r."constructorResultsId" as constructor_result_id, r."constructorId" as constructor_id, r.points, r.status,
    r."raceId" as race_id, g."date" as race_date
from main."constructorResults" as r left join main.races as g on g."raceId" = r."raceId"
