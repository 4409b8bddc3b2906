-- Python makes this table (lakehouse_assets/ml); it stands here for the semantic models to name it.
select * from semantic.pgr_sla_breach_risk
