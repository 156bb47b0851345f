#!/usr/bin/env bash
# Installs what the tests want from this machine (a real network, a checker of
# schemas, drawings and captures, the protocol compiler, what apps in Python need), as Debian packages.
# Run as root; otherwise it names what is missing and leaves with status 1. Does
# nothing, at once, when everything is there. No daemon is started or needed: each
# run brings its own Open vSwitch. Mininet and the packages that apps need belong to
# Debian's own Python, /usr/bin/python3.
set -euo pipefail

packages=(openvswitch-switch mininet iproute2 iputils-ping iperf3 ethtool tcpdump libxml2-utils protobuf-compiler python3-grpcio python3-protobuf python3-os-ken graphviz tshark)

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
  [[ $status == installed ]] || missing+=("$package")
done
if ((${#missing[@]} == 0)); then
  exit 0
fi
if ((EUID != 0)); then
  printf 'missing: %s\nas root: apt-get install --no-install-recommends %s\n' "${missing[*]}" "${missing[*]}" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}"
