select "constructorId" as constructor_id, "constructorRef" as constructor_ref, name, nationality, url, date '2020-01-01' as snapshot_date
from main.constructors
