select t.*, d.owner_id from main."Treatments" as t left join main."Dogs" as d on d.dog_id = t.dog_id
