#!/bin/sh
# One database and one role of the same name for each user of PostgreSQL. Runs again without harm; a changed password
# is taken over. The image of PostgreSQL runs it on its first start, docker/native on every one.
set -eu

# -v keeps passwords quoted; \gexec runs what the query returns.
create() {
  psql -qAt -v ON_ERROR_STOP=1 -v name="$1" -v password="$2" --dbname postgres >/dev/null <<'SQL'
select format('create role %I login', :'name') where not exists (select from pg_roles where rolname = :'name') \gexec
select format('alter role %I password %L', :'name', :'password') \gexec
select format('create database %I owner %I', :'name', :'name')
where not exists (select from pg_database where datname = :'name') \gexec
SQL
}

create nessie "$LAKE_NESSIE_DB_PASSWORD"
create asklake "$LAKE_ASKLAKE_DB_PASSWORD"
create superset "$LAKE_SUPERSET_DB_PASSWORD"
