select "ModelId" as model_id, "Maker" as maker_id, "Model" as model_name, date '2023-01-01' as snapshot_date from main.model_list
