#!/bin/sh
# Makes sendim/app_pb2.py anew from the public protocol, with Debian's protoc (3.21), whose
# code runs with every protobuf package for Python from 3.20 on.
# Needs protoc (Debian: protobuf-compiler). An argument names another output directory.
set -eu
cd "$(dirname "$0")"
protoc -I ../apprpc/proto --python_out="${1:-sendim}" app.proto
