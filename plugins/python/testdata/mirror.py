#!/usr/bin/python3
"""Says what it is told, and gives back the rules, groups and meters in it."""
import json

from sendim import *
from sendim import events


def plain(v):
    if isinstance(v, events.Event):
        return {name: plain(getattr(v, name)) for name in sorted(dir(type(v))) if isinstance(getattr(type(v), name), property)}
    if hasattr(v, "_asdict") and not isinstance(v, Rule):
        return {name: plain(x) for name, x in v._asdict().items()}
    if isinstance(v, (list, tuple)) and not isinstance(v, (Match, Rule)):
        return [plain(x) for x in v]
    if isinstance(v, dict):
        return {k: plain(x) for k, x in v.items()}
    if isinstance(v, bytes):
        return v.hex()
    return v if isinstance(v, (int, str, float, bool)) else repr(v)


class Mirror(App):
    name = "mirror"
    version = "2.3.4"
    tables = 3
    chains = True
    needs = ["meters", "select-groups"]
    services = ["arp", "flood"]
    heeds = ["profiles", "tenants"]
    text = String("as it is", "any text")
    count = Int(7, "how many", least=1, most=9)
    share = Float(0.5, "a share")
    on = Bool(True, "whether")
    span = Duration("1.5s", "how long")
    rate = Rate("10Mbps", "how fast")
    mode = Choice(["fast", "slow"], "how")
    must = String(doc="needed", required=True)

    def react(self, e, out):
        if e.kind == "timer" and e.name == "commands":
            return everything(out)
        if e.kind == "flow-removed":
            out.install(e.switch, e.rule)
        elif e.kind == "stats":
            for r in e.rules:
                out.install(e.switch, r.rule)
            for g in e.groups:
                out.set_group(e.switch, g.group)
            for m in e.meters:
                out.set_meter(e.switch, m.meter)
        out.log("info", f"{e.kind} at {e.at}: {json.dumps(plain(e))}")
        if e.kind == "start":
            out.log("info", json.dumps(plain([self.text, self.count, self.share, self.on, self.span, self.rate, self.mode, self.must,
                                              self.granted, self.seed, self.last, self.settings])))


def everything(out):
    rule = Rule(match(eth_type=ETH_IPV4, ipv4_dst="10.1.0.0/16", in_port=3), [set_field(eth_dst="02:00:00:00:00:01"), DEC_TTL, output(4)],
                priority=65535, table=2, idle=10, hard=20, cookie=0xFFFFFFFF, send_removed=True, meter="m", goto=0, clear=True,
                write=[in_group("g"), set_queue(2)], metadata=5, metadata_mask=7)
    out.install(1, rule)
    out.install(2, Rule(), check_overlap=True, reset_counts=True)
    out.install(2, Rule(match(vlan_vid=VLAN_PRESENT | 5), [POP_VLAN, push_vlan(), push_vlan(0x88A8), FLOOD, to_controller(128), NEXT_APP]))
    out.remove(1, rule)
    out.remove_matching(1, match(ipv6_src="2001:db8::/32", eth_type=ETH_IPV6), table=1)
    out.remove_tagged(1, 9)
    out.set_group(0, Group("g", SELECT, [Bucket([output(1)], 65535), Bucket([output(2), DEC_TTL], 0, 3, "lower"), Bucket(watch_group=4)]))
    out.remove_group(0, "g")
    out.set_meter(0, Meter("m", 1000, 10, True))
    out.remove_meter(0, "m")
    out.limit_port(70000, 2, 10 * GBPS)
    out.on_miss(1, MISS_NEXT, 1)
    out.on_miss(1, MISS_DROP)
    out.send(1, [output(IN_PORT)], bytes(range(200)) * 100, 2)
    out.send(1, FLOOD, b"")
    out.ask_stats(1, rules=True, ports=True)
    out.ask_stats(1, groups=True, meters=True)
    out.after("t", 5 * SECOND)
    out.after("t", -1)
    out.report("share", -0.25)
    out.report("nothing", 0.0)
    out.log("warn", "ä日\x00 end")
    out.acknowledge()


if __name__ == "__main__":
    serve(Mirror)
