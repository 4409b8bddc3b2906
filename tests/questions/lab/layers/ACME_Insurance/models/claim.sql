select c.*, cc.Policy_Coverage_Detail_Identifier, d.Policy_Identifier,
    date_diff('day', c.Claim_Open_Date, c.Claim_Close_Date) as days_to_settle
from main.Claim c
left join main.Claim_Coverage cc using (Claim_Identifier)
left join main.Policy_Coverage_Detail d on d.Policy_Coverage_Detail_Identifier = cc.Policy_Coverage_Detail_Identifier
