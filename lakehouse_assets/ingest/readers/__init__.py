"""Bytes as batches of records, one package per format; `batches` holds what they share.

Belongs here: where a record ends, what its fields are, and what is wrong with it as such.
Does not belong here: where the bytes are from (files, origins), or what a record means (mapping).
"""
