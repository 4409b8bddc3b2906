"""Times in questions: tokens, named days and periods, fiscal years, and the spans of words that name them.

What times mean for a plan, such as which days a comparison stands beside, is in `drafts`.
"""
