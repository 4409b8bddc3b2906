select *, "sbDpTickerId" || '/' || "sbDpDate" as price_id, "sbDpHigh" - "sbDpLow" as price_range,
    "sbDpClose" - "sbDpOpen" as price_change
from main."sbDailyPrice"
