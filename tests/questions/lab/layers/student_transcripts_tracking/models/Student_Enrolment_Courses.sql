select c.*, e.student_id, e.degree_program_id, e.semester_id, s.date_first_registered
from main."Student_Enrolment_Courses" as c
left join main."Student_Enrolment" as e on e.student_enrolment_id = c.student_enrolment_id
left join main."Students" as s on s.student_id = e.student_id
