"""A first draft of a domain, made from sample files of its data.

Belongs here: looking at the files (samples, columns), deciding what can be decided from them (design), and writing
it down (writing, templates). Does not belong here: whether a project is sound (checking).
"""
