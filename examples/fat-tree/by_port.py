#!/usr/bin/python3
"""Routes a fat tree upwards by the digits of the TCP source port, downwards by the address.

With m = k/2 uplinks, the edge takes aggregation port mod m and the aggregation core
(port div m) mod m, as benchmarks of simulators choose paths by the number of a flow.
"""
from sendim import *


class ByPort(App):
    name = "by-port"
    version = "1.0.0"
    services = ["arp"]

    def __init__(self):
        self.names, self.links, self.hosts = {}, [], []

    def on_topology(self, e, out):
        self.names.update((s.id, s.name) for s in e.switches)
        self.links += e.links
        self.hosts += e.hosts
        if e.last:
            self.program(out)

    def program(self, out):
        """Names say where a switch is: c3 is a core, p1a0 and p1e2 stand in pod 1."""
        up, down = {}, {}  # switch -> ports by the upper or lower neighbour's number
        level = {"c": 2, "a": 1, "e": 0}
        place = {i: split(n) for i, n in self.names.items()}
        for l in self.links:
            a, b = sorted((l.a, l.b), key=lambda end: level[place[end.switch][0]])
            up.setdefault(a.switch, []).append((place[b.switch][2], a.port))
            down.setdefault(b.switch, []).append((place[a.switch], b.port, a.switch))
        below = {}  # switch -> (port, hosts behind it)
        for h in self.hosts:
            below.setdefault(h.at.switch, []).append((h.at.port, [h.ip]))
        for kind in "ac":
            for s, ends in sorted(down.items()):
                if place[s][0] == kind:
                    below[s] = [(port, [ip for _, ips in below[n] for ip in ips]) for _, port, n in ends]
        for s, ends in sorted(below.items()):
            for port, ips in ends:
                for ip in ips:
                    out.install(s, Rule(match(eth_type=ETH_IPV4, ipv4_dst=ip), output(port), 20))
        for s, ends in sorted(up.items()):
            m = len(ends)
            mask, shift = m - 1, 0 if place[s][0] == "e" else m.bit_length() - 1
            for i, (_, port) in enumerate(sorted(ends)):
                digit = match(eth_type=ETH_IPV4, ip_proto=TCP, tcp_src=(i << shift, mask << shift))
                out.install(s, Rule(digit, output(port), 10))


def split(name):
    """p1e2 is ("e", 1, 2); c3 is ("c", 0, 3)."""
    if name[0] == "c":
        return "c", 0, int(name[1:])
    kind = "a" if "a" in name else "e"
    pod, number = name[1:].split(kind)
    return kind, int(pod), int(number)


if __name__ == "__main__":
    serve(ByPort)
