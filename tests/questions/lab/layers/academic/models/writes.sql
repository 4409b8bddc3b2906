select w.*, w.aid || '/' || w.pid as pair, make_date(p.year, 1, 1) as written_in, p.citation_num
from main.writes w left join main.publication p using (pid)
