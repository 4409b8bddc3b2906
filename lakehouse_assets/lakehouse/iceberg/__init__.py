"""Iceberg by PyIceberg: metadata, manifests, snapshots, evolution, the local catalog. No engine, no publication."""
