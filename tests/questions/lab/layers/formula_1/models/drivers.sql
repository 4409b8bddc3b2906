select "driverId" as driver_id, "driverRef" as driver_ref, number, code, forename, surname, forename || ' ' || surname as driver_name,
    dob, nationality, url, date_diff('year', dob, current_date) as age
from main.drivers
