select "Performance_ID" as performance_id, "Orchestra_ID" as orchestra_id, "Type" as type, "Date" as date_text, "Official_ratings_(millions)" as rating, "Weekly_rank" as weekly_rank, "Share" as share,
    coalesce(try_cast("Date" as date), date '2023-11-01') as snapshot_date
from main.performance
