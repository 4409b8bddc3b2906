"""Benchmarks: each measures the product beside its peer, or beside the limit the machine sets, in the same run.

Nothing here is imported by the product, and nothing here asserts a time.
"""
