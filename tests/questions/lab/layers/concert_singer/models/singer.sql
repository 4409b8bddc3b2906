select "Singer_ID" as singer_id, "Name" as name, "Country" as country, "Song_Name" as song_name, "Song_release_year" as song_release_year, "Age" as age, "Is_male" as is_male,
    coalesce(case when try_cast("Song_release_year" as integer) between 1900 and 2100 then make_date(try_cast("Song_release_year" as integer), 1, 1) end, date '2023-11-01') as snapshot_date
from main.singer
