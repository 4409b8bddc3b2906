select "MakeId" as car_id, "Model" as car_model, "Make" as make, date '2023-01-01' as name_date from main.car_names
