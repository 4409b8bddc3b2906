"""Loads: records of an origin become rows, quarantined records and a note, in one publication, once.

Belongs here: making, noting, replaying and taking back a load. Does not belong here: where its records come from
(origins), or what they mean (mapping).
"""
