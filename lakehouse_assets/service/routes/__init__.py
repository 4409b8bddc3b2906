"""The addresses of the API and of the pages, a module a subject.

Belongs here: method, path, and what the OpenAPI document says of each. Does not belong here: what they do, or what
comes in as events and files (``intake``).
"""
