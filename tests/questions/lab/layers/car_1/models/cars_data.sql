select
    "Id" as car_id, "MPG" as mpg, "Cylinders" as cylinders, "Edispl" as displacement, "Horsepower" as horsepower,
    "Weight" as weight, "Accelerate" as acceleration, "Year" as model_year, date '2023-01-01' as snapshot_date,
    n."Model" as car_model, n."Make" as make
from main.cars_data as d left join main.car_names as n on n."MakeId" = d."Id"
