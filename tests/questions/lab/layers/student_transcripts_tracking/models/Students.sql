select s.*, concat_ws(' ', s.first_name, s.middle_name, s.last_name) as student_name,
    date_diff('day', s.date_first_registered, s.date_left) as days_registered,
    c.line_1 as current_line_1, c.city as current_city, c.zip_postcode as current_zip, c.state_province_county as current_state, c.country as current_country,
    p.line_1 as permanent_line_1, p.city as permanent_city, p.zip_postcode as permanent_zip, p.state_province_county as permanent_state, p.country as permanent_country,
    case when s.current_address_id = s.permanent_address_id then 'yes' when s.current_address_id <> s.permanent_address_id then 'no' end as lives_at_permanent_address
from main."Students" as s
left join main."Addresses" as c on c.address_id = s.current_address_id
left join main."Addresses" as p on p.address_id = s.permanent_address_id
