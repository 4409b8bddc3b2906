"""What stretches of words may mean in one semantic layer: its lexicon, operators, spans, and the terms they stand for.

Nothing here decides what a whole question asks: that is `reading`.
"""
