#!/bin/sh
# The buckets of the lake: tables, files that wait to be loaded, logs of runs. Runs again without harm.
set -eu

nothing=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 # SHA-256 of an empty body

for bucket in warehouse landing logs; do
  # The key goes in by standard input, where `ps` does not show it.
  status=$(printf 'user = "%s:%s"\n' "$LAKE_S3_ACCESS_KEY" "$LAKE_S3_SECRET_KEY" | curl --config - --silent \
    --show-error --output /dev/null --write-out '%{http_code}' --retry 20 --retry-connrefused --retry-delay 1 \
    --aws-sigv4 "aws:amz:$LAKE_S3_REGION:s3" --header "x-amz-content-sha256: $nothing" \
    --request PUT "$LAKE_S3_ENDPOINT/$bucket")
  case $status in
    200 | 409) ;;
    *)
      echo "bucket $bucket: the S3 server at $LAKE_S3_ENDPOINT answered $status" >&2
      exit 1
      ;;
  esac
done
