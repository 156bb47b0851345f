#!/usr/bin/python3
"""Allocates what comes in at a switch among its users: what their profiles say, or less in proportion."""
from sendim import *

USABLE = 0.95  # of a link's rate


class Allocate(App):
    name = "allocate"
    version = "1.0.0"
    needs = ["meters"]
    chains = True  # packets go on to the next app

    def __init__(self):
        self.hosts, self.links = [], []

    def on_topology(self, e, out):
        self.hosts += e.hosts
        self.links += e.links
        for s in e.switches:
            out.on_miss(s.id, MISS_NEXT)
        if e.last:
            self.allocate(out)

    def on_settings(self, e, out):
        self.allocate(out)

    def allocate(self, out):
        asked = {ip: p.rate for p in self.settings.profiles for ip in p.members}
        entries = sorted({h.at.switch for h in self.hosts if h.ip not in asked})  # where servers are
        users = {}
        for h in self.hosts:
            if h.ip in asked:
                users.setdefault(h.at.switch, []).append(h)
        for switch, here in sorted(users.items()):
            room = USABLE * sum(l.rate for l in self.links if switch in (l.a.switch, l.b.switch))
            share = min(1, room / sum(asked[u.ip] for u in here))
            for u in here:
                kbps = int(asked[u.ip] * share / 1000)
                out.report(f"{u.name} kbit/s", kbps)
                for entry in entries:
                    out.set_meter(entry, Meter(u.name, kbps, burst=max(100, kbps // 50)))
                    out.install(entry, Rule(match(eth_type=ETH_IPV4, ipv4_dst=u.ip), NEXT_APP, meter=u.name, priority=1))


if __name__ == "__main__":
    serve(Allocate)
