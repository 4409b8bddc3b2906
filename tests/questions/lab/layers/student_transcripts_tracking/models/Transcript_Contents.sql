select row_number() over () as content_id, c.student_course_id, c.transcript_id, t.transcript_date,
    k.course_id, e.student_id, e.degree_program_id, e.semester_id
from main."Transcript_Contents" as c
left join main."Transcripts" as t on t.transcript_id = c.transcript_id
left join main."Student_Enrolment_Courses" as k on k.student_course_id = c.student_course_id
left join main."Student_Enrolment" as e on e.student_enrolment_id = k.student_enrolment_id
