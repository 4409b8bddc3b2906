select d.*, date_diff('day', date_arrived, date_departed) as days_stayed,
    case when t.dog_id is null then 'no' else 'yes' end as was_treated
from main."Dogs" as d left join (select distinct dog_id from main."Treatments") as t on t.dog_id = d.dog_id
