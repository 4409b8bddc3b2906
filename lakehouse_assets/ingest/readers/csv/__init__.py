"""CSV: its dialects, its records, their fields and its header."""
