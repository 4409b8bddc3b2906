"""Records that are fetched."""
