#!/bin/sh
# docker/.env with passwords and keys of its own in place of those for development; one that is there is left alone.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
if [ -e "$here/.env" ]; then
  echo "$here/.env is there already: remove it first, if nothing runs with its passwords" >&2
  exit 1
fi
umask 077
while IFS= read -r line; do
  case $line in
    *=dev-*) printf '%s=%s\n' "${line%%=*}" "$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')" ;;
    *) printf '%s\n' "$line" ;;
  esac
done <"$here/.env.example" >"$here/.env"
echo "$here/.env is written, for its owner alone"
