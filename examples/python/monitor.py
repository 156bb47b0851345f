#!/usr/bin/python3
"""Measures how busy the links between switches are; stands in front of an app that routes."""
from sendim import *


class Monitor(App):
    name = "monitor"
    version = "1.0.0"
    chains = True  # packets go on to the next app
    every = Duration("500ms", "how often the ports are asked")
    busy = Float(0.9, "a link that carries more than this share of its rate is logged")

    def __init__(self):
        self.links = {}  # (switch, port) -> (name of the link, bits per second)
        self.sent = {}   # (switch, port) -> (picoseconds, bytes sent)
        self.peak = {}   # name of the link -> share of its rate

    def on_topology(self, e, out):
        names = {s.id: s.name for s in e.switches}
        for s in e.switches:
            out.on_miss(s.id, MISS_NEXT)
        for l in e.links:
            for here, there in ((l.a, l.b), (l.b, l.a)):
                self.links[here] = (f"{names[here.switch]}->{names[there.switch]}", l.rate)
        if e.last:
            out.after("ask", self.every)

    def on_switch(self, e, out):
        if e.up:
            out.on_miss(e.switch.id, MISS_NEXT)

    def on_timer(self, e, out):
        for switch in sorted({switch for switch, _ in self.links}):
            out.ask_stats(switch, ports=True)
        out.after("ask", self.every)

    def on_stats(self, e, out):
        for p in e.ports:
            port = (e.switch, p.port)
            if port in self.links:
                since, bytes = self.sent.get(port, (0, 0))
                self.sent[port] = (e.at, p.tx_bytes)
                self.measured(*self.links[port], (p.tx_bytes - bytes) * 8 * SECOND / (e.at - since), out)

    def measured(self, link, rate, now, out):
        share = now / rate if rate else 0.0
        if share > self.peak.get(link, 0):
            self.peak[link] = share
            out.report(f"peak {link}", share)
            if share > self.busy:
                out.log("warn", f"{link} carries {share:.0%} of its rate")

    def save(self):
        return self.links, self.sent, self.peak

    def restore(self, saved):
        self.links, self.sent, self.peak = saved


if __name__ == "__main__":
    serve(Monitor)
