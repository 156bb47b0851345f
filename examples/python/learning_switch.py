#!/usr/bin/python3
"""Learns where hosts are from their packets and floods the rest along a spanning tree."""
from sendim import *

LEARNED = 1  # tag of the rules that were learned


class LearningSwitch(App):
    name = "learning-switch-py"
    version = "1.0.0"
    services = ["flood"]
    idle = Duration("60s", "a rule ends when no packet has used it for so long; whole seconds, 0s: never")
    hard = Duration("0s", "a rule ends after so long in any case; whole seconds, 0s: never")
    priority = Int(100, "priority of the rules, 1 to 65535")

    def __init__(self):
        self.seen = {}  # switch -> MAC -> (port, MACs that it has rules to)

    def on_topology(self, e, out):
        for s in e.switches:
            out.on_miss(s.id, MISS_CONTROLLER)

    def on_switch(self, e, out):
        if e.up:
            out.on_miss(e.switch.id, MISS_CONTROLLER)

    def on_packet_in(self, p, out):
        src, dst = p.eth_src, p.eth_dst
        if dst & ~0xF == 0x0180C2000000 or src == 0 or is_multicast(src):
            return  # for the bridge itself (IEEE 802.1D), or from nobody
        table = self.seen.setdefault(p.switch, {})
        if src in table and table[src][0] != p.port:
            self.forget(p.switch, src, out)  # it has moved
        here = table.setdefault(src, (p.port, set()))
        if is_multicast(dst) or dst not in table:
            out.flood_from(p)
        elif table[dst][0] != p.port:  # else it has seen the packet already
            # The rule names the source and where it is, not the destination alone: so the
            # first packet of every source comes here on every switch, and is learned.
            way = output(table[dst][0])
            out.install(p.switch, Rule(match(in_port=p.port, eth_dst=dst, eth_src=src), way, self.priority, cookie=LEARNED,
                                       idle=seconds(self.idle), hard=seconds(self.hard), send_removed=self.idle or self.hard))
            here[1].add(dst)
            out.send(p.switch, way, p.frame, p.port)

    def forget(self, switch, mac, out):
        table = self.seen[switch]
        del table[mac]
        for _, to in table.values():
            to.discard(mac)
        out.remove_matching(switch, match(eth_dst=mac))
        out.remove_matching(switch, match(eth_src=mac))

    def on_flow_removed(self, e, out):
        if e.rule.cookie != LEARNED or e.reason not in (REMOVED_IDLE, REMOVED_HARD):
            return
        m, table = e.rule.match, self.seen.get(e.switch, {})
        port, to = table.get(m.get("eth_src"), (None, None))
        if port == m.get("in_port") and m.get("eth_dst") in to:
            to.remove(m.get("eth_dst"))
            if not to:  # its last rule: it has been silent since
                del table[m.get("eth_src")]

    def on_port(self, e, out):
        if not e.up:
            for mac, (port, _) in sorted(self.seen.get(e.switch, {}).items()):
                if port == e.port:
                    self.forget(e.switch, mac, out)

    def on_host(self, e, out):
        for switch in sorted(self.seen) if e.gone else ():
            if e.host.mac in self.seen[switch]:
                self.forget(switch, e.host.mac, out)

    def on_link(self, e, out):
        self.flush(out)  # the spanning tree may have changed: what was learned can be a dead end
        out.after("settle", SECOND)  # packets under way teach what is no longer so

    def on_timer(self, e, out):
        self.flush(out)

    def flush(self, out):
        for switch in sorted(self.seen):
            if self.seen[switch]:
                out.remove_tagged(switch, LEARNED)
        self.seen.clear()

    def save(self):
        return self.seen

    def restore(self, seen):
        self.seen = seen


def seconds(span):
    return min(0xFFFF, -(-span // SECOND))  # rounded up to what a rule can say


if __name__ == "__main__":
    serve(LearningSwitch)
