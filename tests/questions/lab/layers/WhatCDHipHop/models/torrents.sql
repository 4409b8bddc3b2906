select *, make_date("groupYear", 1, 1) as released_in
from main.torrents
