select *, make_date(year, 1, 1) as published_in
from main.publication
