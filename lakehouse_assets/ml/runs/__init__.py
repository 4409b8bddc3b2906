"""Runs of training: one from end to end in a process of its own, and those that wait for their turn.

Belongs here: processes, time, jobs. Does not belong here: what training is (training).
"""
