select * from main."Transcripts"
