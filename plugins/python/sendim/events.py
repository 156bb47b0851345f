"""What an app is told.

An event is read where it lies, in the message it came in: only what an app looks at
costs anything. Units: times are picoseconds, rates bits per second, sizes bytes; nodes
and links are numbers that stay the same during a run; addresses are numbers (see units).
"""
from __future__ import annotations

from itertools import islice
from operator import attrgetter
from typing import Any, Dict, List, NamedTuple, Tuple

from .rules import Group, Meter, Rule, group_of, meter_of, rule_of


class Port(NamedTuple):
    """A port of a switch."""

    switch: int
    port: int


class SwitchInfo(NamedTuple):
    """A switch. properties are those of its descriptor, by name."""

    id: int
    name: str
    up: bool
    properties: Dict[str, str]


class LinkInfo(NamedTuple):
    """A link between two switches."""

    id: int
    a: Port
    b: Port
    rate: int   # bits per second; 0: unlimited
    delay: int  # picoseconds
    weight: int
    spare: bool
    up: bool


class HostInfo(NamedTuple):
    """A host and where it is attached."""

    id: int
    name: str
    mac: int
    ip: int
    at: Port
    rate: int  # of its access link
    up: bool


class Class(NamedTuple):
    """A QoS class of flows and links."""

    id: str
    min: int  # 0: nothing reserved
    max: int  # 0: no limit
    priority: int


class Profile(NamedTuple):
    """A kind of user, with the IPv4 addresses of its members."""

    id: str
    qos: str   # id of a class
    rate: int  # 0: unlimited
    pool: str  # id of a service
    members: Tuple[int, ...]


class ServiceMember(NamedTuple):
    """One server of a virtual service."""

    node: int
    ip: int
    mac: int
    weight: int


class VirtualService(NamedTuple):
    """A virtual address spread over weighted members."""

    id: str
    ip: int
    transport: str  # "", "udp", "tcp" or "icmp"
    port: int
    members: Tuple[ServiceMember, ...]
    mac: int  # at which the service "arp" says that it is


class Tenant(NamedTuple):
    """One of those who share the network, with the IPv4 addresses of its members."""

    id: str
    vlan: int
    quota: int  # 0: none
    members: Tuple[int, ...]


class Policy(NamedTuple):
    """What the network should strive for, for one profile."""

    profile: str
    maximize: bool
    property: str
    priority: int


class Counters(NamedTuple):
    """What a rule, bucket or meter has seen."""

    packets: int
    bytes: int


class RuleStat(NamedTuple):
    """A rule with its counters; age is picoseconds since it was installed."""

    rule: Rule
    counters: Counters
    age: int


class GroupStat(NamedTuple):
    """A group with its counters, and those of its buckets."""

    group: Group
    counters: Counters
    buckets: Tuple[Counters, ...]


class MeterStat(NamedTuple):
    """A meter with what came to it and what it dropped."""

    meter: Meter
    counters: Counters
    dropped: Counters


class PortStat(NamedTuple):
    """What a port has seen."""

    port: int
    rx_packets: int
    tx_packets: int
    rx_bytes: int
    tx_bytes: int
    rx_dropped: int
    tx_dropped: int


class Event:
    """One event. at is its arrival in picoseconds; negative before the run's time zero."""

    __slots__ = ("at", "_p")
    kind = ""

    def __init__(self, at: int, message: Any):
        self.at, self._p = at, message

    def __repr__(self) -> str:
        return f"<{self.kind} at {self.at}: {' '.join(str(self._p).split())}>"


def _is(path: str, doc: str) -> Any:
    return property(attrgetter("_p." + path), doc=doc)


def _port(p: Any) -> Port:
    return Port(p.switch, p.port)


def _counters(p: Any) -> Counters:
    return Counters(p.packets, p.bytes)


class Start(Event):
    """The first event. Parameters, what is granted, seed and settings are set on the app."""

    __slots__ = ()
    kind = "start"

    @property
    def parameters(self) -> Dict[str, str]:
        """Every parameter of the manifest, as text."""
        return dict(sorted(self._p.parameters.items()))

    @property
    def granted(self) -> List[str]:
        """What this world can do: meters, groups, select-groups, fast-failover, port-rate, queues."""
        return list(self._p.granted)

    seed = _is("seed", "For apps that draw lots: random.Random(e.seed).")
    last = _is("last", "Whether no app follows: NEXT_APP leads nowhere.")

    @property
    def settings(self) -> "Settings":
        """What the descriptors say about users."""
        return Settings(self.at, self._p.settings)


class Settings(Event):
    """What the descriptors say about users; also the event that it has changed."""

    __slots__ = ()
    kind = "settings"

    @property
    def classes(self) -> List[Class]:
        return [Class(c.id, c.min, c.max, c.priority) for c in self._p.classes]

    @property
    def profiles(self) -> List[Profile]:
        return [Profile(p.id, getattr(p, "class"), p.rate, p.pool, tuple(p.members)) for p in self._p.profiles]

    @property
    def services(self) -> List[VirtualService]:
        return [VirtualService(s.id, s.ip, ("", "udp", "tcp", "icmp")[s.proto], s.port,
                               tuple(ServiceMember(m.node, m.ip, m.mac, m.weight) for m in s.members), s.mac) for s in self._p.services]

    @property
    def tenants(self) -> List[Tenant]:
        return [Tenant(t.id, t.vlan, t.quota, tuple(t.members)) for t in self._p.tenants]

    @property
    def policies(self) -> List[Policy]:
        return [Policy(p.profile, p.maximize, p.property, p.priority) for p in self._p.policies]


def _columns(of: str, *columns: Any) -> Any:
    n = len(columns[0])
    if any(len(c) != n for c in columns):
        raise ValueError(f"the topology's columns of {of} differ in length")
    return zip(*columns)


class Topology(Event):
    """A chunk of the network as it stands; the one with last set completes it. Later
    changes come as single events."""

    __slots__ = ()
    kind = "topology"
    last = _is("last", "Whether the topology is complete with this chunk.")

    @property
    def switches(self) -> List[SwitchInfo]:
        c = self._p.switches
        properties: List[Dict[str, str]] = [{} for _ in c.id]
        if c.properties_per_switch:
            if len(c.properties_per_switch) != len(c.id) or sum(c.properties_per_switch) != len(c.properties):
                raise ValueError("the topology has another number of properties of switches than it says")
            rest = iter(c.properties)
            properties = [{p.name: p.value for p in islice(rest, n)} for n in c.properties_per_switch]
        return [SwitchInfo(i, name, up, p) for (i, name, up), p in zip(_columns("switches", c.id, c.name, c.up), properties)]

    @property
    def links(self) -> List[LinkInfo]:
        c = self._p.links
        return [LinkInfo(i, Port(a, ap), Port(b, bp), *rest) for i, a, ap, b, bp, *rest in
                _columns("links", c.id, c.a_switch, c.a_port, c.b_switch, c.b_port, c.rate, c.delay, c.weight, c.spare, c.up)]

    @property
    def hosts(self) -> List[HostInfo]:
        c = self._p.hosts
        return [HostInfo(i, name, mac, ip, Port(s, p), rate, up) for i, name, mac, ip, s, p, rate, up in
                _columns("hosts", c.id, c.name, c.mac, c.ip, c.at_switch, c.at_port, c.rate, c.up)]


class SwitchChange(Event):
    """A switch came (up) or went, or was removed and will not come back (gone)."""

    __slots__ = ()
    kind = "switch"
    up = _is("up", "Whether it came.")
    gone = _is("gone", "Whether it was removed.")

    @property
    def switch(self) -> SwitchInfo:
        s = self._p.switch
        return SwitchInfo(s.id, s.name, s.up, {p.name: p.value for p in s.properties})


class PortChange(Event):
    """A port went up or down, or changed its rate."""

    __slots__ = ()
    kind = "port"
    switch = _is("port.switch", "The switch's id.")
    port = _is("port.port", "The port's number.")
    up = _is("up", "Whether it is up now.")
    rate = _is("rate", "Bits per second; 0: unlimited.")


class LinkChange(Event):
    """A link between switches went up or down, appeared, or vanished (gone)."""

    __slots__ = ()
    kind = "link"
    gone = _is("gone", "Whether it has vanished.")

    @property
    def link(self) -> LinkInfo:
        l = self._p.link
        return LinkInfo(l.id, _port(l.a), _port(l.b), l.rate, l.delay, l.weight, l.spare, l.up)


class HostChange(Event):
    """A host appeared, moved, or vanished (gone)."""

    __slots__ = ()
    kind = "host"
    gone = _is("gone", "Whether it has vanished.")

    @property
    def host(self) -> HostInfo:
        h = self._p.host
        return HostInfo(h.id, h.name, h.mac, h.ip, _port(h.at), h.rate, h.up)


class PacketIn(Event):
    """A packet that a rule or a table miss sent to this app. Header fields that the
    packet does not have are 0."""

    __slots__ = ("_h",)
    kind = "packet-in"

    def __init__(self, at: int, message: Any):
        self.at, self._p, self._h = at, message, message.header

    switch = _is("switch", "The id of the switch where it came in.")
    port = _is("port", "The port where it came in.")
    table = _is("table", "The app's table that sent it here.")
    reason = _is("reason", "REASON_NO_MATCH, REASON_ACTION or REASON_INVALID_TTL.")
    cookie = _is("cookie", "The tag of the rule that sent it here.")
    frame = _is("frame", "Its bytes; may be cut.")
    length = _is("length", "Bytes of the packet, cut or not.")

    def _of(name: str, doc: str) -> Any:  # type: ignore[misc] # a helper of the class body
        return property(attrgetter("_h." + name), doc=doc)

    eth_dst = _of("eth_dst", "MAC of the destination.")
    eth_src = _of("eth_src", "MAC of the source.")
    eth_type = _of("eth_type", "EtherType after all VLAN tags; 0x05ff for a frame with a length.")
    vlan_vid = _of("vlan_vid", "0 untagged, else VLAN_PRESENT | id of the outer tag.")
    vlan_pcp = _of("vlan_pcp", "Priority of the outer tag.")
    arp_op = _of("arp_op", "1 request, 2 reply.")
    arp_spa = _of("arp_spa", "IPv4 address of the sender.")
    arp_tpa = _of("arp_tpa", "IPv4 address of the target.")
    arp_sha = _of("arp_sha", "MAC of the sender.")
    arp_tha = _of("arp_tha", "MAC of the target.")
    ipv4_src = _of("ipv4_src", "IPv4 address of the source.")
    ipv4_dst = _of("ipv4_dst", "IPv4 address of the destination.")
    ip_dscp = _of("ip_dscp", "6 bits.")
    ip_ecn = _of("ip_ecn", "2 bits.")
    ip_proto = _of("ip_proto", "ICMP, TCP, UDP, or another number.")
    ip_ttl = _of("ip_ttl", "Time to live, or the hop limit.")
    l4_src = _of("l4_src", "Source port of TCP, UDP or SCTP.")
    l4_dst = _of("l4_dst", "Destination port of TCP, UDP or SCTP.")
    tcp_flags = _of("tcp_flags", "8 bits.")
    icmp_type = _of("icmp_type", "Of ICMP or ICMPv6.")
    icmp_code = _of("icmp_code", "Of ICMP or ICMPv6.")
    del _of

    @property
    def ipv6_src(self) -> int:
        """IPv6 address of the source."""
        return self._h.ipv6_src_hi << 64 | self._h.ipv6_src_lo

    @property
    def ipv6_dst(self) -> int:
        """IPv6 address of the destination."""
        return self._h.ipv6_dst_hi << 64 | self._h.ipv6_dst_lo


class FlowRemoved(Event):
    """A rule of this app ended. Of the rule, table, priority, match and cookie are known."""

    __slots__ = ()
    kind = "flow-removed"
    switch = _is("switch", "The switch's id.")
    reason = _is("reason", "REMOVED_IDLE, REMOVED_HARD, REMOVED_DELETE, REMOVED_GROUP or REMOVED_METER.")
    age = _is("age", "Picoseconds that it was there.")

    @property
    def rule(self) -> Rule:
        return rule_of(self._p.rule)

    @property
    def counters(self) -> Counters:
        return _counters(self._p.counters)


class Stats(Event):
    """The answer to ask_stats; only what was asked for is there."""

    __slots__ = ()
    kind = "stats"
    request = _is("request", "The id that ask_stats gave.")
    switch = _is("switch", "The switch's id.")

    @property
    def rules(self) -> List[RuleStat]:
        return [RuleStat(rule_of(r.rule), _counters(r.counters), r.age) for r in self._p.rules]

    @property
    def groups(self) -> List[GroupStat]:
        return [GroupStat(group_of(g.group), _counters(g.counters), tuple(map(_counters, g.buckets))) for g in self._p.groups]

    @property
    def meters(self) -> List[MeterStat]:
        return [MeterStat(meter_of(m.meter), _counters(getattr(m, "in")), _counters(m.dropped)) for m in self._p.meters]

    @property
    def ports(self) -> List[PortStat]:
        return [PortStat(p.port, p.rx_packets, p.tx_packets, p.rx_bytes, p.tx_bytes, p.rx_dropped, p.tx_dropped) for p in self._p.ports]


class Timer(Event):
    """A timer has run out."""

    __slots__ = ()
    kind = "timer"
    name = _is("name", "The name that after was given.")


class Applied(Event):
    """A command that asked for acknowledgement is in force."""

    __slots__ = ()
    kind = "applied"
    command = _is("command", "The command's id.")


class Failed(Event):
    """A command was refused."""

    __slots__ = ()
    kind = "failed"
    command = _is("command", "The command's id.")
    reason = _is("reason", "Why.")


# By the name of the event's part in the protocol, which is also its handler's.
KINDS = {"start": Start, "topology": Topology, "switch": SwitchChange, "port": PortChange, "link": LinkChange, "host": HostChange,
         "packet_in": PacketIn, "flow_removed": FlowRemoved, "stats": Stats, "timer": Timer, "applied": Applied, "failed": Failed,
         "settings": Settings}
