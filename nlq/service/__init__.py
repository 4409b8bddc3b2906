"""The HTTP API of the questions, and what an API needs: keys, limits, one error shape, logs.

Does not belong here: planning, guarding, answering (the rest of ``nlq``), or the chat page (``nlq/web``).
"""
