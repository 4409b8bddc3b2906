select "State_Code" as state_code, "State" as state_name, "#_Records" as record_count, date '2017-01-01' as snapshot_date
from main."FINREV_FED_KEY_17"
