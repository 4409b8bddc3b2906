select t.*, date_diff('day', t.start_dt, t.end_dt) as treatment_days, case when t.end_dt is null then 'yes' else 'no' end as ongoing,
    t.tot_drug_amt / nullif(date_diff('day', t.start_dt, t.end_dt), 0) as drug_amount_per_day,
    date_diff('day', p.date_of_birth, t.start_dt) / 365.25 as age_at_treatment, case when a.treatment_id is null then 'no' else 'yes' end as had_adverse_event
from main.treatments as t left join main.patients as p on p.patient_id = t.patient_id
left join (select distinct treatment_id from main.adverse_events) as a on a.treatment_id = t.treatment_id
