select *, row_number() over () as session_key, date_diff('second', session_start_ts, session_end_ts) / 60.0 as session_minutes from main.user_sessions
