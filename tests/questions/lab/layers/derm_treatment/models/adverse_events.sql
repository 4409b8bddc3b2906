select r.*, t.patient_id, t.doc_id, t.drug_id, t.diag_id, t.is_placebo, date_diff('day', t.start_dt, r.reported_dt) as days_to_event
from main.adverse_events as r left join main.treatments as t on t.treatment_id = r.treatment_id
