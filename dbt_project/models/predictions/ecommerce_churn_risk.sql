-- Python makes this table (lakehouse_assets/ml); it stands here for the semantic models to name it.
select * from semantic.ecommerce_churn_risk
