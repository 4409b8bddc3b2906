"""How a cover of a question becomes readings: a reader for each kind of mention, the grammar over them, the finish.

Which reading is best, and what is asked back, is decided above, in `search` and `asking`.
"""
