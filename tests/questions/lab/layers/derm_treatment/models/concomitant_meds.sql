select r.* exclude (start_dt, end_dt), t.patient_id, t.doc_id, t.drug_id, t.diag_id, t.is_placebo, try_cast(r.start_dt as date) as med_start, try_cast(r.end_dt as date) as med_end, date_diff('day', try_cast(r.start_dt as date), try_cast(r.end_dt as date)) as med_days
from main.concomitant_meds as r left join main.treatments as t on t.treatment_id = r.treatment_id
