#!/bin/sh
# The start of the coordinator's container: the catalog `lake` is put among the dynamic ones, which outlive restarts.
set -eu
mkdir -p "$LAKE_TRINO_CATALOG_DIR"
cp /etc/trino/lake.properties "$LAKE_TRINO_CATALOG_DIR/"
exec /usr/lib/trino/bin/run-trino
