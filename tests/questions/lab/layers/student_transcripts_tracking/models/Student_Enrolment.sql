select e.*, s.date_first_registered
from main."Student_Enrolment" as e left join main."Students" as s on s.student_id = e.student_id
