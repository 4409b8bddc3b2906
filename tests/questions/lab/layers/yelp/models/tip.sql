select *, try_strptime(year || ' ' || month, '%Y %B')::date as tipped_in
from main.tip
