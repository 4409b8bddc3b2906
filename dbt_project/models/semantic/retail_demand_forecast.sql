-- One row per store.
-- Python makes it (lakehouse_assets/ml); semantic models name it so.
select * from semantic.retail_demand_forecast
