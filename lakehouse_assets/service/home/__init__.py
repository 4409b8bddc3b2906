"""The first page over HTTP: what stands for each domain, what is new, what to ask.

Belongs here: the documents, the figures (figures), the news (news), the course of it (handlers). Does not belong here:
the page itself (web).
"""
