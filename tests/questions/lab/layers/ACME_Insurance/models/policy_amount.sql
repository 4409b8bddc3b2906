select a.*, pr.Policy_Amount_Identifier is not null as is_premium
from main.Policy_Amount a left join main.Premium pr using (Policy_Amount_Identifier)
