#!/bin/sh
# Makes the Go code of proto/app.proto anew, with pinned generators.
# Needs protoc (Debian: protobuf-compiler). An argument names another output directory.
# Exit code 3: the generators cannot be had.
set -eu
cd "$(dirname "$0")"
out=${1:-proto}
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
for tool in google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.10 google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.5.1; do
  GOBIN=$tools GOFLAGS= go install "$tool" || exit 3
done
PATH=$tools:$PATH protoc -I proto --go_out="$out" --go_opt=paths=source_relative \
  --go-grpc_out="$out" --go-grpc_opt=paths=source_relative app.proto
# protoc's own version is not part of the result: any recent one will do.
sed -i '/^\/\/ .*protoc  *v[0-9]/d' "$out"/app.pb.go "$out"/app_grpc.pb.go
