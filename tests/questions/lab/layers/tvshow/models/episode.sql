select "id" as episode_id, "Episode" as episode, try_cast("Air_Date" as date) as air_day, "Air_Date" as air_date_text, "Rating" as rating, "Share" as share, "18_49_Rating_Share" as rating_share, "Viewers_m" as viewers, "Weekly_Rank" as weekly_rank, "Channel" as channel_id,
    coalesce(try_cast("Air_Date" as date), date '2023-11-01') as snapshot_date
from main."TV_series"
