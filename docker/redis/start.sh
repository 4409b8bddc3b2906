#!/bin/sh
# Redis by redis.conf. The password goes in by standard input, where `ps` does not show it.
set -eu
exec redis-server - <<SETTINGS
include ${LAKE_REDIS_CONF:-/etc/redis/redis.conf}
bind $LAKE_BIND
port $LAKE_REDIS_PORT
requirepass "$LAKE_REDIS_PASSWORD"
SETTINGS
