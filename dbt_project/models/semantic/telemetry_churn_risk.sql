-- One row per user of the last 28 days.
-- Python makes it (lakehouse_assets/ml); semantic models name it so.
select * from semantic.telemetry_churn_risk
