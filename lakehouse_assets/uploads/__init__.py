"""Files that people send: kept on disk until they are loaded, looked at, and loaded like any other file.

Belongs here: jobs, what is found in a file, and the processes that work. Does not belong here: addresses and bodies
(service.uploads), or what a load is (ingest).
"""
