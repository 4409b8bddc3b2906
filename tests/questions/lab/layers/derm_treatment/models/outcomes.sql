select r.*, t.patient_id, t.doc_id, t.drug_id, t.diag_id, t.is_placebo
from main.outcomes as r left join main.treatments as t on t.treatment_id = r.treatment_id
