"""Commands whose processes go on running, the API, Dagit and both for development, and the keys of those who call.

Belongs here: ports, signals and child processes of servers.
Does not belong here: what the servers answer (service, dagit), or short-lived processes of builds (workers).
"""
