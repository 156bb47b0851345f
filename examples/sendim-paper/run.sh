#!/usr/bin/env bash
# The papers' experiments on this machine: sudo examples/sendim-paper/run.sh [-quick] [-h]
set -euo pipefail
cd "$(dirname "$0")/../.."
make build >&2
exec go run ./examples/sendim-paper "$@"
