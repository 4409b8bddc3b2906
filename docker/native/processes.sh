# shellcheck shell=bash
# Starting, finding and stopping the processes of the cluster. A pid file holds the pid and the moment the kernel
# started it, so that a pid that was given to another program since is never taken for ours. Linux only (/proc).

say() { printf '%s\n' "$*" >&2; }
fail() {
  say "$*"
  exit 1
}

pid_file() { printf '%s/run/%s.pid' "$CLUSTER_HOME" "$1"; }
log_file() { printf '%s/logs/%s.log' "$CLUSTER_HOME" "$1"; }

# The start time of a process in clock ticks since boot; the name before it may hold blanks, so cut behind its ')'.
started_at() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  read -ra stat <<<"${stat##*) }"
  [[ ${stat[0]} != Z ]] && printf '%s' "${stat[19]}"
}

# The pid of a part that runs.
running() {
  local pid started
  read -r pid started 2>/dev/null <"$(pid_file "$1")" || return 1
  [[ -n $started && $(started_at "$pid") == "$started" ]] && printf '%s' "$pid"
}

listening() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# launch PART COMMAND…: in a session of its own, so that no Ctrl-C of ours reaches it.
launch() {
  local part=$1 log
  shift
  log=$(log_file "$part")
  if [[ -f $log ]]; then mv -f "$log" "$log.1"; fi
  setsid "$@" >"$log" 2>&1 </dev/null 9>&- &
  printf '%s %s\n' "$!" "$(started_at $!)" >"$(pid_file "$part")"
}

# as_user NAME COMMAND…: as that user if we are root, else as we are.
as_user() {
  local user=$1
  shift
  if ((EUID == 0)); then setpriv --reuid="$user" --regid="$user" --init-groups "$@"; else "$@"; fi
}

explain() {
  say "$1 $2. The end of $(log_file "$1"):"
  tail -n 15 "$(log_file "$1")" | sed 's/^/  | /' >&2
}

# await PART SECONDS: until `ready_PART` says yes.
await() {
  local part=$1 deadline=$((SECONDS + $2))
  until "ready_$part"; do
    if ! running "$part" >/dev/null; then
      explain "$part" "ended while it started"
      return 1
    fi
    if ((SECONDS >= deadline)); then
      explain "$part" "was not ready within $2 s"
      return 1
    fi
    sleep 0.2
  done
}

# stop PART SIGNAL SECONDS
stop() {
  local part=$1 pid
  if pid=$(running "$part"); then
    kill "-$2" "$pid"
    if ! gone "$part" "$3"; then
      say "$part did not end within $3 s and was killed"
      kill -KILL "$pid" 2>/dev/null || true
      gone "$part" 5
    fi
  fi
  rm -f "$(pid_file "$part")"
}

gone() {
  local deadline=$((SECONDS + $2))
  while running "$1" >/dev/null; do
    if ((SECONDS >= deadline)); then return 1; fi
    sleep 0.1
  done
}
