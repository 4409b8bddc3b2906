"""General English that belongs to no domain: tokens, forms, the words of analytics, word families, places, verbs.

Does not belong here: words of a semantic layer, and what a question asks by a word (``planning``).
"""
