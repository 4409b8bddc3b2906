select "id" as cartoon_id, "Title" as title, "Directed_by" as director, "Written_by" as writer, "Original_air_date" as air_date_text, "Production_code" as production_code, "Channel" as channel_id,
    coalesce(try_cast("Original_air_date" as date), date '2023-11-01') as snapshot_date
from main."Cartoon"
