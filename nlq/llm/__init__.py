"""Understanding questions with a language model: any OpenAI-compatible endpoint, off where none is set.

A model never writes SQL: it returns a plan, which passes the same guard as every other. It sees only what the caller
may know of, so nothing it says can reach further.
"""
