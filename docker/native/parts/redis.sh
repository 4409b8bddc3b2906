# shellcheck shell=bash
# Redis of Debian: rate limits and cached results.

install_redis() { need_packages redis-server redis-server; }

start_redis() {
  local settings=$CLUSTER_HOME/run/redis.conf
  (umask 077 && cat >"$settings") <<SETTINGS
include $DOCKER_DIR/redis/redis.conf
bind 127.0.0.1
port $LAKE_REDIS_PORT
dir $CLUSTER_HOME/run
requirepass $LAKE_REDIS_PASSWORD
SETTINGS
  launch redis redis-server "$settings"
}

ready_redis() {
  [[ $(REDISCLI_AUTH=$LAKE_REDIS_PASSWORD redis-cli -h 127.0.0.1 -p "$LAKE_REDIS_PORT" ping 2>/dev/null) == PONG ]]
}

stop_redis() { stop redis TERM 10; }
