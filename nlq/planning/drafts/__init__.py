"""What is collected on the way to a plan: mentions, the draft they add up to, and what metrics measure.

How words are found is in `finding`; how they are read is in `reading`.
"""
