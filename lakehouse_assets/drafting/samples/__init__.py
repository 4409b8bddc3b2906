"""Looking at sample files: their encoding, dialect and layout, and their first records as ingestion would see them.

Does not belong here: what the fields hold (``columns``), what a domain could be made of them (``design``).
"""
