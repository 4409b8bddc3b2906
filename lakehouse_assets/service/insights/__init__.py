"""The insights that a caller may see, over HTTP."""
