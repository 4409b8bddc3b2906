select *, date_diff('day', Effective_Date, Expiration_Date) as days_covered
from main.Policy_Coverage_Detail
