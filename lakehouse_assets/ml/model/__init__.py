"""A model: what predicts, with its encoding and how what it learnt from was spread, as plain values.

Belongs here: fitting one with given settings, predicting. Does not belong here: choosing settings (training), keeping
it (registry).
"""
