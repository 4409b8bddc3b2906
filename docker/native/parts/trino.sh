# shellcheck shell=bash
# Trino: the engine. One node that is coordinator and worker; the catalog `lake` is there from the start.

install_trino() {
  install_java
  whole "trino-$TRINO_VERSION" download_trino
}

download_trino() {
  need_packages unzip unzip &&
    artifact "io.trino:trino-server-core:$TRINO_VERSION:tar.gz" "$1" &&
    artifact "io.trino:trino-iceberg:$TRINO_VERSION:zip" "$1" &&
    tar -xzf "$1/trino-server-core-$TRINO_VERSION.tar.gz" -C "$1" --strip-components=1 &&
    rm -rf "$1/plugin" && mkdir "$1/plugin" &&
    unzip -q "$1/trino-iceberg-$TRINO_VERSION.zip" -d "$1/plugin" &&
    mv "$1/plugin/trino-iceberg-$TRINO_VERSION" "$1/plugin/iceberg" &&
    rm "$1"/*.tar.gz "$1"/*.zip
}

start_trino() {
  local home=$SERVERS_CACHE/trino-$TRINO_VERSION data=$CLUSTER_HOME/data/trino absent jvm node
  mkdir -p "$LAKE_TRINO_CATALOG_DIR" "$data/etc"
  cp "$DOCKER_DIR/trino/catalog-store.properties" "$data/etc/"
  cp "$DOCKER_DIR/trino/lake.properties" "$LAKE_TRINO_CATALOG_DIR/"
  # A Java without the module does without it.
  if grep -q jdk.incubator.vector "$JAVA/release"; then absent=none; else absent=jdk.incubator.vector; fi
  mapfile -t jvm < <(grep -v "$absent" "$DOCKER_DIR/trino/jvm.config")
  mapfile -t node < <(sed 's/^/-D/' "$DOCKER_DIR/trino/node.properties")
  launch trino env -C "$data" "$JAVA/bin/java" "${jvm[@]}" "-Xmx$LAKE_TRINO_HEAP" "${node[@]}" \
    -Dnode.id=native -Dnode.internal-address=127.0.0.1 -Dnode.bind-ip=127.0.0.1 \
    "-Dnode.data-dir=$data" "-Dplugin.dir=$home/plugin" \
    "-Dlog.levels-file=$DOCKER_DIR/trino/log.properties" -Dlog.enable-console=true \
    "-Dconfig=$DOCKER_DIR/trino/coordinator.properties" -cp "$home/lib/*" io.trino.server.TrinoServer
}

ready_trino() { curl -sf --max-time 5 "$LAKE_TRINO_URI/v1/info" | grep -q '"starting":false'; }

stop_trino() { stop trino TERM 30; }
