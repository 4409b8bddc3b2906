#!/bin/sh
# The start of the broker's container: its folder is made on the first start.
set -eu
settings=/etc/kafka/server.properties
/opt/kafka/bin/kafka-storage.sh format --ignore-formatted --cluster-id "$LAKE_KAFKA_CLUSTER_ID" --config $settings
exec /opt/kafka/bin/kafka-server-start.sh $settings
