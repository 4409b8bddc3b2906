select p.*, (select min(r.Party_Identifier) from main.Agreement_Party_Role r where r.Agreement_Identifier = p.Policy_Identifier and r.Party_Role_Code = 'PH') as policy_holder_id,
    (select min(r.Party_Identifier) from main.Agreement_Party_Role r where r.Agreement_Identifier = p.Policy_Identifier and r.Party_Role_Code = 'AG') as agent_id,
    date_diff('day', p.Effective_Date, p.Expiration_Date) as days_in_force
from main.Policy p
