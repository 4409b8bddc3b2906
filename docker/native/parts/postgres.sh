# shellcheck shell=bash
# PostgreSQL of Debian: what Nessie keeps, Dagster's storage, the question queue.

PG_BIN=/usr/lib/postgresql/$POSTGRES_VERSION/bin
# PostgreSQL refuses to run as root.
AS_POSTGRES=()
if ((EUID == 0)); then AS_POSTGRES=(setpriv --reuid=postgres --regid=postgres --init-groups); fi

install_postgres() { need_packages "$PG_BIN/postgres" "postgresql-$POSTGRES_VERSION"; }

# The user postgres must be able to enter the folder; where it cannot (a checkout below /root), it has its own.
pg_data() {
  mkdir -p "$CLUSTER_HOME/data"
  if "${AS_POSTGRES[@]}" test -x "$CLUSTER_HOME/data"; then
    printf '%s/data/postgres' "$CLUSTER_HOME"
  else
    printf '/var/lib/postgresql/asklake-%s' "$(printf '%s' "$CLUSTER_HOME" | cksum | cut -d' ' -f1)"
  fi
}

# init_postgres FOLDER: a new set of databases, entered by password only.
init_postgres() {
  local password
  password=$(mktemp)
  printf '%s\n' "$LAKE_POSTGRES_PASSWORD" >"$password"
  mkdir -p "$1"
  if ((EUID == 0)); then chown postgres "$1" "$password"; fi
  (cd / && "${AS_POSTGRES[@]}" "$PG_BIN/initdb" --pgdata "$1" --username postgres --encoding UTF8 --locale C.UTF-8 \
    --auth scram-sha-256 --pwfile "$password") >"$CLUSTER_HOME/logs/initdb.log" 2>&1 || {
    rm -f "$password"
    fail "PostgreSQL could not make $1: see $CLUSTER_HOME/logs/initdb.log"
  }
  rm -f "$password"
}

# release_postgres FOLDER: after a kill, wait for what is left of the old server, all of which works in the folder, and
# drop its lock. PostgreSQL itself would refuse to start as long as nobody has reaped the one that was killed.
release_postgres() {
  local deadline=$((SECONDS + 30)) folder
  if [[ ! -f $1/postmaster.pid ]]; then return; fi
  folder=$(realpath "$1")
  while [[ -n $(find /proc -maxdepth 2 -name cwd -lname "$folder" 2>/dev/null) ]]; do
    if ((SECONDS >= deadline)); then fail "another PostgreSQL works in $1: stop it first"; fi
    sleep 0.1
  done
  rm -f "$1/postmaster.pid"
}

start_postgres() {
  local data
  data=$(pg_data)
  if [[ ! -f $data/PG_VERSION ]]; then init_postgres "$data"; fi
  release_postgres "$data"
  # No socket: its path would be too long in a deep checkout.
  launch postgres "${AS_POSTGRES[@]}" "$PG_BIN/postgres" -D "$data" -p "$LAKE_POSTGRES_PORT" \
    -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200 -c wal_level=logical
}

ready_postgres() {
  local -x PGHOST=127.0.0.1 PGPORT=$LAKE_POSTGRES_PORT PGUSER=postgres PGPASSWORD=$LAKE_POSTGRES_PASSWORD
  "$PG_BIN/pg_isready" -q && "$DOCKER_DIR/postgres/create_databases.sh" 2>>"$(log_file postgres)"
}

stop_postgres() { stop postgres INT 20; } # INT ends sessions; TERM would wait for them
