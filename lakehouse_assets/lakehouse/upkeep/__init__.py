"""Keeping the warehouse small and readable: compaction, garbage collection, moved homes."""
