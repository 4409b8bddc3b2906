"""The storage and engine port: catalog, engine, contracts, publication. No domain knowledge."""
