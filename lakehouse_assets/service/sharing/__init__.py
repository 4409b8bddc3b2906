"""Showing a dashboard or an answer to someone without a key, by a link.

Belongs here: the documents (documents) and what the addresses do (handlers). Does not belong here: keeping links
(nlq.storage.links), admitting who has one (admission.access).
"""
