"""The API of questions and answers.

Belongs here: asking, querying, the queue, replays and feedback over HTTP. Does not belong here: answering (``nlq``).
"""
