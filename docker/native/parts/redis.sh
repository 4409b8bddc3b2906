# shellcheck shell=bash
# Redis of Debian: rate limits and cached results.

install_redis() { need_packages redis-server redis-server; }

start_redis() { LAKE_REDIS_CONF=$DOCKER_DIR/redis/redis.conf launch redis "$DOCKER_DIR/redis/start.sh"; }

ready_redis() {
  [[ $(REDISCLI_AUTH=$LAKE_REDIS_PASSWORD redis-cli -h 127.0.0.1 -p "$LAKE_REDIS_PORT" ping 2>/dev/null) == PONG ]]
}

stop_redis() { stop redis TERM 10; }
