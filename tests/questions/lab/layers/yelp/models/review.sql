select *, try_strptime(year || ' ' || month, '%Y %B')::date as reviewed_in
from main.review
