# shellcheck shell=bash
# A broker of the Kafka protocol, for streams of events.

install_kafka() {
  install_java
  whole "kafka-$KAFKA_VERSION" download_kafka
}

download_kafka() {
  maven copy-dependencies -f "$DOCKER_DIR/native/kafka.pom.xml" "-Dkafka.version=$KAFKA_VERSION" -DincludeScope=runtime \
    "-DoutputDirectory=$1/libs"
}

start_kafka() {
  local libs=$SERVERS_CACHE/kafka-$KAFKA_VERSION/libs settings=$DOCKER_DIR/kafka/server.properties
  if [[ ! -f $LAKE_KAFKA_DATA/meta.properties ]]; then
    "$JAVA/bin/java" -cp "$libs/*" kafka.tools.StorageTool format --cluster-id "$LAKE_KAFKA_CLUSTER_ID" \
      --config "$settings" >"$CLUSTER_HOME/logs/kafka-format.log" 2>&1 ||
      fail "the broker could not make $LAKE_KAFKA_DATA: see $CLUSTER_HOME/logs/kafka-format.log"
  fi
  launch kafka "$JAVA/bin/java" "-Xmx$LAKE_KAFKA_HEAP" -Dorg.slf4j.simpleLogger.defaultLogLevel=info -cp "$libs/*" \
    kafka.Kafka "$settings"
}

# The port opens before the broker serves.
ready_kafka() { grep -q 'Kafka Server started' "$(log_file kafka)"; }

stop_kafka() { stop kafka TERM 20; }
