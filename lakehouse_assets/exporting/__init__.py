"""Dashboards and answers as files: PDF and PNG (paged), Excel and CSV (tables).

Belongs here: what such a file says (report), writing it (export). Does not belong here: computing figures (nlq), who
may have them (service), sending them anywhere.
"""
