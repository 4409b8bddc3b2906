select a.*, c.Claim_Open_Date as claimed_on,
    case when lp.Claim_Amount_Identifier is not null then 'loss payment'
        when lr.Claim_Amount_Identifier is not null then 'loss reserve'
        when ep.Claim_Amount_Identifier is not null then 'expense payment'
        when er.Claim_Amount_Identifier is not null then 'expense reserve'
    end as kind
from main.Claim_Amount a
left join main.Claim c using (Claim_Identifier)
left join main.Loss_Payment lp on lp.Claim_Amount_Identifier = a.Claim_Amount_Identifier
left join main.Loss_Reserve lr on lr.Claim_Amount_Identifier = a.Claim_Amount_Identifier
left join main.Expense_Payment ep on ep.Claim_Amount_Identifier = a.Claim_Amount_Identifier
left join main.Expense_Reserve er on er.Claim_Amount_Identifier = a.Claim_Amount_Identifier
