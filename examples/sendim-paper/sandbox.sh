#!/usr/bin/env bash
# Runs a command as on a machine of its own with Open vSwitch on it: sudo ./sandbox.sh COMMAND...
# Networks, processes and sockets of the machine itself are out of its sight, and all that it
# leaves running ends with it. What is counted and measured is the command.
set -euo pipefail
if [[ ${1:-} != --inside ]]; then
  exec unshare --net --mount --pid --ipc --fork --kill-child --mount-proc "$0" --inside "$@"
fi
shift
ip link set lo up
for folder in /run/openvswitch /etc/openvswitch /var/log/openvswitch; do
  mkdir -p "$folder"
  mount -t tmpfs none "$folder"
done
ovsdb-tool create /etc/openvswitch/conf.db /usr/share/openvswitch/vswitch.ovsschema
ovsdb-server --remote=punix:/run/openvswitch/db.sock --pidfile --detach --log-file --no-chdir 2> /dev/null
ovs-vsctl --no-wait init
ovs-vswitchd --pidfile --detach --log-file --no-chdir 2> /dev/null
"$@"
