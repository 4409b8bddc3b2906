-- Python makes this table (lakehouse_assets/ml); it stands here for the semantic models to name it.
select * from semantic.telemetry_adoption_chance
