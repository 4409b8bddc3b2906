# shellcheck shell=bash
# versitygw, an S3 server over a folder: the warehouse, the landing files, the logs.

install_s3() {
  need_packages curl curl
  whole "versitygw-$VERSITYGW_VERSION" build_s3
}

build_s3() { go_install "$1" "github.com/versity/versitygw/cmd/versitygw@$VERSITYGW_VERSION"; }

start_s3() {
  mkdir -p "$CLUSTER_HOME/data/s3"
  ROOT_ACCESS_KEY=$LAKE_S3_ACCESS_KEY ROOT_SECRET_KEY=$LAKE_S3_SECRET_KEY launch s3 \
    "$SERVERS_CACHE/versitygw-$VERSITYGW_VERSION/versitygw" --port "127.0.0.1:$LAKE_S3_PORT" --region "$LAKE_S3_REGION" \
    --health /health posix "$CLUSTER_HOME/data/s3"
}

ready_s3() {
  curl -sf -o /dev/null --max-time 5 "$LAKE_S3_ENDPOINT/health" && "$DOCKER_DIR/s3/create_buckets.sh" 2>>"$(log_file s3)"
}

stop_s3() { stop s3 TERM 10; }
