#!/bin/sh
# Writes docker/kubernetes/pinned: base or superset with every image by its digest, so that a tag that is moved changes
# nothing. Asks the registries, by crane, skopeo or docker. Own images are looked for in the registry that is named:
#
#   docker/kubernetes/pin_images.sh base registry.example.com/lake
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:?base or superset} registry=${2:?where asklake was pushed to}

digest_of() {
  if command -v crane >/dev/null; then
    crane digest "$1"
  elif command -v skopeo >/dev/null; then
    skopeo inspect --format '{{.Digest}}' "docker://$1"
  else
    docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$1"
  fi
}

# Of one release of kustomize, as kubectl may have one that is too old for these folders.
if command -v kustomize >/dev/null; then build="kustomize build"; else build="kubectl kustomize"; fi
images=$($build "$here/$folder" | sed -n 's/^ *\(- \)\{0,1\}image: *//p' | sort -u)
[ -n "$images" ]
mkdir -p "$here/pinned"
{
  echo "apiVersion: kustomize.config.k8s.io/v1beta1"
  echo "kind: Kustomization"
  echo "resources: [../$folder]"
  echo "images:"
  for image in $images; do
    name=${image%:*}
    case $name in
      asklake*) place=$registry/$name ;;
      *) place=$name ;;
    esac
    digest=$(digest_of "$place:${image##*:}")
    case $digest in
      sha256:*) ;;
      *)
        echo "the registry gave no digest of $place:${image##*:}, but '$digest'" >&2
        exit 1
        ;;
    esac
    echo "  - {name: $name, newName: $place, digest: \"$digest\"}"
  done
} >"$here/pinned/kustomization.yaml.new"
mv "$here/pinned/kustomization.yaml.new" "$here/pinned/kustomization.yaml"
