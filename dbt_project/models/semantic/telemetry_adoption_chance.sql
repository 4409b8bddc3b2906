-- One row per user of the last 28 days and feature that is new to the user.
-- Python makes it (lakehouse_assets/ml); semantic models name it so.
select * from semantic.telemetry_adoption_chance
