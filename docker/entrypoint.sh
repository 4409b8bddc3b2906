#!/bin/sh
# The start of every container of asklake. The image is read-only; what is written lies in /var/lib/asklake. dbt writes
# beside its manifests, so they go there, with their dates: those tell that they need not be made again. All of it is for
# its owner alone.
set -eu
umask 077
mkdir -p "$ASKLAKE_DAGSTER_HOME"
rm -rf "$ASKLAKE_DBT_TARGET"
cp -rp dbt_project/target "$ASKLAKE_DBT_TARGET"
# The S3 client of Dagster's logs takes keys from these only.
export AWS_ACCESS_KEY_ID="${ASKLAKE_S3_ACCESS_KEY:-}" AWS_SECRET_ACCESS_KEY="${ASKLAKE_S3_SECRET_KEY:-}"
exec "$@"
