# shellcheck shell=bash
# Getting the servers: Debian packages, Maven Central, the Go module proxy. What is brought lies in SERVERS_CACHE, one
# folder per version; a folder is there whole or not at all.

# need_packages COMMAND PACKAGE…: the packages, unless the command is there.
need_packages() {
  local command=$1
  shift
  if command -v "$command" >/dev/null; then return; fi
  if ((EUID != 0)); then fail "$command is missing; install it: sudo apt-get install $*"; fi
  command -v apt-get >/dev/null || fail "$command is missing, and this is no Debian: install $* your way"
  # RUNLEVEL keeps the packages from starting servers of their own.
  RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive logged packages apt_install "$@"
  say "installed $*"
}

apt_install() { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"; }

# logged NAME COMMAND…: what it says goes into a log, of which the end is shown if it fails.
logged() {
  local log=$SERVERS_CACHE/install-$1.log name=$1
  shift
  if ! "$@" >"$log" 2>&1; then
    say "$name could not be installed. The end of $log:"
    tail -n 15 "$log" | sed 's/^/  | /' >&2
    return 1
  fi
}

# whole NAME FUNCTION: has FUNCTION fill a new folder, which then becomes SERVERS_CACHE/NAME.
whole() {
  local folder=$SERVERS_CACHE/$1 draft=$SERVERS_CACHE/.draft-$1
  if [[ -d $folder ]]; then return; fi
  rm -rf "$draft"
  mkdir -p "$draft"
  logged "$1" "$2" "$draft"
  mv "$draft" "$folder"
  say "installed $1"
}

# maven GOAL ARGUMENT…: of the dependency plugin.
maven() {
  local goal=$1
  shift
  command -v mvn >/dev/null || {
    echo "mvn is missing: install Maven (package maven)"
    return 1
  }
  mvn -B -q -ntp -Dmaven.repo.local="$SERVERS_CACHE/m2" \
    "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:$goal" "$@"
}

# artifact COORDINATES FOLDER: one file of Maven Central into a folder; Maven's own copy of so large a one is not kept.
artifact() {
  local group=${1%%:*}
  maven copy -Dartifact="$1" -DoutputDirectory="$2" -Dmdep.useBaseVersion=true &&
    rm -rf "$SERVERS_CACHE/m2/${group//.//}"
}

# The home of the first JDK that is new enough: ASKLAKE_JAVA_HOME, JAVA_HOME, then what is installed, oldest first.
java_home() {
  local home
  for home in "${ASKLAKE_JAVA_HOME:-}" "${JAVA_HOME:-}" $(installed_jdks); do
    if (($(java_major "$home") >= JAVA_LEAST)); then
      printf '%s' "$home"
      return
    fi
  done
  fail "Trino $TRINO_VERSION needs a JDK $JAVA_LEAST or newer, and none is in ASKLAKE_JAVA_HOME, JAVA_HOME or" \
    "/usr/lib/jvm. Install Temurin 25 (package temurin-25-jdk of https://packages.adoptium.net), or name the folder" \
    "of another in ASKLAKE_JAVA_HOME."
}

java_major() {
  local version
  version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release" 2>/dev/null)
  printf '%s' "${version:-0}"
}

installed_jdks() {
  local home
  for home in /usr/lib/jvm/* /opt/java/* /opt/jdk* "$HOME"/.sdkman/candidates/java/*; do
    if [[ -x $home/bin/java ]]; then printf '%s %s\n' "$(java_major "$home")" "$home"; fi
  done | sort -n | cut -d' ' -f2-
}
