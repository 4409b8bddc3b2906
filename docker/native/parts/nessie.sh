# shellcheck shell=bash
# Nessie: the catalog of tables, with branches, on PostgreSQL.

install_nessie() {
  install_java
  whole "nessie-$NESSIE_VERSION" download_nessie
}

download_nessie() { artifact "org.projectnessie.nessie:nessie-quarkus:$NESSIE_VERSION:jar:runner" "$1"; }

start_nessie() {
  SMALLRYE_CONFIG_LOCATIONS=$DOCKER_DIR/nessie/application.properties launch nessie "$JAVA/bin/java" \
    "-Xmx$LAKE_NESSIE_HEAP" -jar "$SERVERS_CACHE/nessie-$NESSIE_VERSION/nessie-quarkus-$NESSIE_VERSION-runner.jar"
}

ready_nessie() {
  curl -sf -o /dev/null --max-time 5 "http://127.0.0.1:$LAKE_NESSIE_MANAGEMENT_PORT/q/health/ready" &&
    curl -sf -o /dev/null --max-time 5 "$LAKE_NESSIE_URI/api/v2/config"
}

stop_nessie() { stop nessie TERM 20; }
