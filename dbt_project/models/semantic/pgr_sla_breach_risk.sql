-- One row per open complaint whose SLA has not run out.
-- Python makes it (lakehouse_assets/ml); semantic models name it so.
select * from semantic.pgr_sla_breach_risk
