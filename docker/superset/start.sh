#!/bin/sh
# Superset's tables, its administrator, the lake as a database; then its server. Runs again without harm.
set -eu
superset db upgrade
superset fab create-admin --username admin --firstname Lake --lastname Admin --email admin@localhost \
  --password "$LAKE_SUPERSET_ADMIN_PASSWORD"
superset init
superset set-database-uri --database_name lake --uri "$LAKE_TRINO_SQLALCHEMY_URI"
exec /app/docker/entrypoints/run-server.sh
