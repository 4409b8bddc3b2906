select *, row_number() over () as quote_id
from main.betfront
