#!/usr/bin/env bash
# The servers of the cluster profile on this machine, without a container engine.
#
#   cluster.sh install [PART…]   bring what is missing; no server is started
#   cluster.sh up [PART…]        install and start what does not run, and wait until it answers
#   cluster.sh down [PART…]      stop what runs
#   cluster.sh kill PART…        stop it without warning (SIGKILL), as a fault would
#   cluster.sh status [PART…]    what runs, where, how large; exit code 1 if one does not
#   cluster.sh wipe              stop everything and remove its data
#   cluster.sh env               the variables of the servers and of the `asklake` command that uses them, for a
#                                shell: eval "$(docker/native/cluster.sh env)"
#   cluster.sh versions          which version of each part this is
#   cluster.sh installed         exit code 1, and what is missing, if `up` would have to install; waits for an `install`
#                                that is under way
#
# Parts: postgres redis s3 kafka nessie trino; all of them, if none is named. Data, logs and pid files are in
# ASKLAKE_CLUSTER_HOME (.asklake/cluster of the checkout), what was installed in ASKLAKE_SERVERS_CACHE
# (~/.cache/asklake-servers). Ports and passwords are in docker/.env, or where that is not, docker/.env.example.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PARTS=(postgres redis s3 kafka nessie trino) # in the order of starting
for file in "$HERE"/{env,processes,installing}.sh "${PARTS[@]/#/$HERE/parts/}"; do
  # shellcheck source=/dev/null
  . "${file%.sh}.sh"
done

declare -A PORTS=(
  [postgres]=$LAKE_POSTGRES_PORT [redis]=$LAKE_REDIS_PORT [s3]=$LAKE_S3_PORT
  [kafka]=$LAKE_KAFKA_PORT [nessie]=$LAKE_NESSIE_PORT [trino]=$LAKE_TRINO_PORT
)
declare -A READY_WITHIN=([postgres]=60 [redis]=20 [s3]=30 [kafka]=90 [nessie]=120 [trino]=180)

usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"; }

# wanted PART…: the parts in the order of starting, all if none is named.
wanted() {
  local part
  for part in "$@"; do
    [[ " ${PARTS[*]} " == *" $part "* ]] || fail "no part is named $part; there are: ${PARTS[*]}"
  done
  for part in "${PARTS[@]}"; do
    if (($# == 0)) || [[ " $* " == *" $part "* ]]; then printf '%s\n' "$part"; fi
  done
}

# One command at a time on one cluster.
alone() {
  mkdir -p "$CLUSTER_HOME"/{run,logs,data}
  exec 9>"$CLUSTER_HOME/lock"
  flock 9
}

cmd_install() {
  local part jobs=() job
  mkdir -p "$SERVERS_CACHE"
  exec 8>"$SERVERS_CACHE/lock"
  flock 8
  # The S3 server is compiled while the others download, one by one: Maven does not share its folder.
  for part in "$@"; do
    if [[ $part == s3 ]]; then
      install_s3 &
      jobs+=($!)
    fi
  done
  for part in "$@"; do
    if [[ $part != s3 ]]; then "install_$part"; fi
  done
  for job in "${jobs[@]}"; do wait "$job"; done
  exec 8>&-
}

cmd_up() {
  local part began=$EPOCHREALTIME failed=0 started=()
  cmd_install "$@"
  # shellcheck disable=SC2034 # the parts read it
  JAVA=$(find_java) || true # none, if no part wants it
  alone
  for part in "$@"; do
    if running "$part" >/dev/null; then continue; fi
    if listening "${PORTS[$part]}"; then
      fail "port ${PORTS[$part]} of $part is taken by another program; choose one with LAKE_${part^^}_PORT"
    fi
    # Nessie looks for its database as it starts; the others start side by side.
    if [[ $part == nessie ]] && ! await_needs; then failed=1 && continue; fi
    "start_$part"
    started+=("$part")
  done
  for part in "${started[@]}"; do
    if await "$part" "${READY_WITHIN[$part]}"; then
      printf '%-9s ready on 127.0.0.1:%s after %.1f s\n' "$part" "${PORTS[$part]}" "$(since "$began")"
    else
      failed=1
    fi
  done
  return $failed
}

await_needs() {
  local need
  for need in postgres s3; do
    running "$need" >/dev/null || fail "nessie needs $need, which does not run: cluster.sh up postgres s3 nessie"
    await "$need" "${READY_WITHIN[$need]}" || return 1
  done
}

since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN {printf "%.1f", b - a}'; }

cmd_down() {
  local i parts=("$@")
  alone
  for ((i = ${#parts[@]} - 1; i >= 0; i--)); do "stop_${parts[i]}"; done
}

cmd_kill() {
  local part pid
  alone
  for part in "$@"; do
    if pid=$(running "$part"); then kill -KILL "$pid" && gone "$part" 10; fi
    rm -f "$(pid_file "$part")"
  done
}

cmd_status() {
  local part pid down=0
  for part in "$@"; do
    if ! pid=$(running "$part"); then
      printf '%-9s down\n' "$part" && down=1
    elif "ready_$part"; then
      printf '%-9s ready    127.0.0.1:%s  pid %s  %s MiB\n' "$part" "${PORTS[$part]}" "$pid" "$(memory "$pid")"
    else
      printf '%-9s starting 127.0.0.1:%s  pid %s, log %s\n' "$part" "${PORTS[$part]}" "$pid" "$(log_file "$part")" && down=1
    fi
  done
  return $down
}

# memory PID: of it and its children, MiB; a page that several share counts once.
memory() {
  local pid
  for pid in "$1" $(pgrep -P "$1"); do cat "/proc/$pid/smaps_rollup" 2>/dev/null || true; done |
    awk '/^Pss:/ {sum += $2} END {printf "%d", sum / 1024}'
}

cmd_wipe() {
  cmd_down "${PARTS[@]}"
  rm -rf "$(pg_data)" "$CLUSTER_HOME/data"
}

cmd_versions() {
  printf '%s\n' "postgres $POSTGRES_VERSION" "redis $REDIS_VERSION" "s3 $VERSITYGW_VERSION" "kafka $KAFKA_VERSION" \
    "nessie $NESSIE_VERSION" "trino $TRINO_VERSION"
}

cmd_installed() {
  local missing=() file
  if [[ -e $SERVERS_CACHE/lock ]]; then flock --shared "$SERVERS_CACHE/lock" true; fi
  for file in "$PG_BIN/postgres" "$(command -v redis-server || echo redis-server)" "$SERVERS_CACHE"/{versitygw-$VERSITYGW_VERSION,kafka-$KAFKA_VERSION,nessie-$NESSIE_VERSION,trino-$TRINO_VERSION}; do
    if [[ ! -e $file ]]; then missing+=("$file"); fi
  done
  if ((${#missing[@]} > 0)); then fail "not installed: ${missing[*]}; \`docker/native/cluster.sh install\` brings them"; fi
  find_java >/dev/null || fail "no Java $JAVA_LEAST or newer; \`docker/native/cluster.sh install\` brings one"
}

cmd_env() {
  local name
  for name in $(compgen -v LAKE_) $(compgen -v ASKLAKE_); do printf 'export %s=%q\n' "$name" "${!name}"; done
}

main() {
  local command=${1:-} named=("${@:2}") parts
  case $command in
    install | up | down | kill | status) ;;
    wipe | env | versions | installed)
      "cmd_$command"
      return
      ;;
    *)
      usage >&2
      return 2
      ;;
  esac
  if [[ $command == kill && ${#named[@]} == 0 ]]; then fail "kill which? ${PARTS[*]}"; fi
  parts=$(wanted "${named[@]}")
  mapfile -t parts <<<"$parts"
  "cmd_$command" "${parts[@]}"
}

main "$@"
