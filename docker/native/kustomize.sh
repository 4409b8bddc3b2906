#!/usr/bin/env bash
# kustomize, for machines whose kubectl is too old for docker/kubernetes, as Debian 12's is. Compiles it if it is not in
# ASKLAKE_SERVERS_CACHE, and prints its folder.
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for file in "$HERE"/{env,processes,installing}; do
  # shellcheck source=/dev/null
  . "$file.sh"
done

build_kustomize() { go_install "$1" "sigs.k8s.io/kustomize/kustomize/v5@$KUSTOMIZE_VERSION"; }

mkdir -p "$SERVERS_CACHE"
whole "kustomize-$KUSTOMIZE_VERSION" build_kustomize
printf '%s\n' "$SERVERS_CACHE/kustomize-$KUSTOMIZE_VERSION"
