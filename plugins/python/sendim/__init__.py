"""SENDIM's applications in Python.

    #!/usr/bin/python3
    from sendim import *

    class Hub(App):
        name = "hub"
        services = ["flood"]

        def on_topology(self, e, out):
            for s in e.switches:
                out.install(s.id, Rule(match(), FLOOD))

    if __name__ == "__main__":
        serve(Hub)

An app answers events (sendim.events) with commands (sendim.commands) about rules
(sendim.rules). The same file runs in simulation, in Mininet and on real switches. Needs
Debian's python3-grpcio, or grpcio and protobuf of PyPI; Python 3.9 or newer.
"""
from .server import explain_the_end, serve, settle_streams

settle_streams()
explain_the_end()

from .app import App, Bool, Choice, Duration, Float, Int, Rate, String
from .commands import NO_NODE, Commands
from .events import Event, HostInfo, LinkInfo, Port, SwitchInfo
from .frames import arp_reply
from .rules import (
    ALL, CONTROLLER, DEC_TTL, ETH_ARP, ETH_IPV4, ETH_IPV6, FAST_FAILOVER, FLOOD, ICMP, IN_PORT, INDIRECT,
    MISS_CONTROLLER, MISS_DROP, MISS_NEXT, NEXT_APP, POP_VLAN,
    REASON_ACTION, REASON_INVALID_TTL, REASON_NO_MATCH,
    REMOVED_DELETE, REMOVED_GROUP, REMOVED_HARD, REMOVED_IDLE, REMOVED_METER, SELECT, TCP, UDP, VLAN_PRESENT,
    Action, Bucket, Group, Match, Meter, Rule, in_group, match, output, push_vlan, set_field, set_queue, to_controller,
)
from .units import (
    GBPS, HOUR, KBPS, MBPS, MICROSECOND, MILLISECOND, MINUTE, NANOSECOND, PICOSECOND, SECOND, TBPS,
    ip, ip6, ip6_text, ip_text, is_multicast, mac, mac_text,
)

__all__ = [
    "serve", "App", "Bool", "Choice", "Duration", "Float", "Int", "Rate", "String", "NO_NODE", "Commands",
    "Event", "HostInfo", "LinkInfo", "Port", "SwitchInfo", "ALL", "CONTROLLER", "DEC_TTL", "ETH_ARP",
    "ETH_IPV4", "ETH_IPV6", "FAST_FAILOVER", "FLOOD", "ICMP", "IN_PORT", "INDIRECT", "MISS_CONTROLLER",
    "MISS_DROP", "MISS_NEXT", "NEXT_APP", "POP_VLAN", "REASON_ACTION", "REASON_INVALID_TTL",
    "REASON_NO_MATCH", "REMOVED_DELETE", "REMOVED_GROUP", "REMOVED_HARD", "REMOVED_IDLE", "REMOVED_METER",
    "SELECT", "TCP", "UDP", "VLAN_PRESENT", "Action", "Bucket", "Group", "Match", "Meter", "Rule", "in_group",
    "match", "output", "push_vlan", "set_field", "set_queue", "to_controller", "GBPS", "HOUR", "KBPS", "MBPS",
    "MICROSECOND", "MILLISECOND", "MINUTE", "NANOSECOND", "PICOSECOND", "SECOND", "TBPS", "ip", "ip6",
    "ip6_text", "ip_text", "is_multicast", "mac", "mac_text", "arp_reply",
]
