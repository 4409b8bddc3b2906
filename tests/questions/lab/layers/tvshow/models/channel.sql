select "id" as channel_id, "series_name" as series_name, "Country" as country, "Language" as language, "Content" as content, "Pixel_aspect_ratio_PAR" as pixel_aspect_ratio, "Hight_definition_TV" as high_definition, "Pay_per_view_PPV" as pay_per_view, "Package_Option" as package_option, date '2023-11-01' as snapshot_date
from main."TV_Channel"
