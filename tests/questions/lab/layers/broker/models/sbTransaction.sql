select t.*, strptime(t."sbTxSettlementDateStr", '%Y%m%d %H:%M:%S') as settled_at,
    date_diff('day', c."sbCustJoinDate", t."sbTxDateTime"::date) as days_since_joining
from main."sbTransaction" as t left join main."sbCustomer" as c on c."sbCustId" = t."sbTxCustId"
