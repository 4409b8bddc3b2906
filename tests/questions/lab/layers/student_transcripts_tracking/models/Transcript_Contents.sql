select row_number() over () as content_id, c.student_course_id, c.transcript_id, t.transcript_date
from main."Transcript_Contents" as c left join main."Transcripts" as t on t.transcript_id = c.transcript_id
