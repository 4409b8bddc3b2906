"""What every HTTP server of the house needs: connections and their bounds, callers' addresses, errors' shape, logs.

Belongs here: what Dagit's guard and the service share. Does not belong here: routes, keys, or anything of questions.
"""
