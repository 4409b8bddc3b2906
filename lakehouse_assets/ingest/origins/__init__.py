"""Where records come from, one module per kind: what they are called, how far they go, and how the engine reads them.

A new kind is a module with a class that is an `Origin` (protocol) and a `KIND`, its line in the registry, and a call
that gives such origins to a `Loader` (loads). What goes wrong, what is noted, replayed, taken back or loaded twice is
the same for all.
Belongs here: what differs between kinds. Does not belong here: what is the same for all of them (loads).
"""
