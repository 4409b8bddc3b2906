-- One row per customer of the last 120 days.
-- Python makes it (lakehouse_assets/ml); semantic models name it so.
select * from semantic.ecommerce_churn_risk
