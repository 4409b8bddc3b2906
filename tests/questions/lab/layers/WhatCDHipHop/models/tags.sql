select t.*, r."totalSnatched" as downloads, make_date(r."groupYear", 1, 1) as tagged_release_year
from main.tags t left join main.torrents r on r.id = t.id
