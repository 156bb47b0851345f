"""Matches, actions, rules, groups and meters, in OpenFlow's words.

All of them are values: they compare by what they hold, can be keys, and never change.
What goes to a switch is kept in its form on the wire, so that a rule that is like the
last one costs little.
"""
from __future__ import annotations

from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Iterable, NamedTuple, Optional, Union

from . import units
from .wire import bytes_field, fixed64_field, uint_field, varint

# Reserved ports.
IN_PORT = 0xFFFFFFF8
CONTROLLER = 0xFFFFFFFD

# EtherTypes and IP protocols that matches name often.
ETH_IPV4, ETH_ARP, ETH_IPV6 = 0x0800, 0x0806, 0x86DD
ICMP, TCP, UDP = 1, 6, 17

VLAN_PRESENT = 0x1000  # stands beside the VLAN id in vlan_vid

# What becomes of a packet that no rule of a table matches.
MISS_DROP, MISS_CONTROLLER, MISS_NEXT = 0, 1, 2

# How a group chooses among its buckets.
ALL, SELECT, INDIRECT, FAST_FAILOVER = 0, 1, 2, 3

# Why a rule ended.
REMOVED_IDLE, REMOVED_HARD, REMOVED_DELETE, REMOVED_GROUP, REMOVED_METER = 0, 1, 2, 3, 4

# Why a packet came.
REASON_NO_MATCH, REASON_ACTION, REASON_INVALID_TTL = 0, 1, 2

_WIDTHS = {
    "in_port": 32, "metadata": 64, "tunnel_id": 64, "eth_dst": 48, "eth_src": 48, "eth_type": 16,
    "vlan_vid": 13, "vlan_pcp": 3, "ip_dscp": 6, "ip_ecn": 2, "ip_proto": 8, "ipv4_src": 32, "ipv4_dst": 32,
    "ipv6_src": 128, "ipv6_dst": 128, "tcp_src": 16, "tcp_dst": 16, "udp_src": 16, "udp_dst": 16,
    "sctp_src": 16, "sctp_dst": 16, "icmpv4_type": 8, "icmpv4_code": 8, "icmpv6_type": 8, "icmpv6_code": 8,
    "arp_op": 16, "arp_spa": 32, "arp_tpa": 32, "arp_sha": 48, "arp_tha": 48,
}
_NAMES = ("", *_WIDTHS)
_NUMBERS = {name: number for number, name in enumerate(_NAMES) if name}
_ONES = (0, *((1 << width) - 1 for width in _WIDTHS.values()))
_LOW = (1 << 64) - 1

Value = Union[int, str, "tuple[int, int]"]


def _number(name: str) -> int:
    number = _NUMBERS.get(name)
    if number is None:
        near = get_close_matches(name, _NUMBERS, 1)
        raise TypeError(f"there is no field {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    return number


def _parsed(number: int, text: str) -> tuple[int, int]:
    """Value and mask of an address; prefixes such as 10.0.0.0/8 have a mask."""
    width, ones = _WIDTHS[_NAMES[number]], _ONES[number]
    address, slash, prefix = text.partition("/")
    if width == 48:
        value = units.mac(address)
    elif width == 32 and number != _NUMBERS["in_port"]:
        value = units.ip(address)
    elif width == 128:
        value = units.ip6(address)
    else:
        raise TypeError(f"{_NAMES[number]} takes a number, not {text!r}")
    if not slash:
        return value, ones
    if not (prefix.isascii() and prefix.isdigit() and int(prefix) <= width):
        raise ValueError(f"{text!r} has a prefix that is not between 0 and {width}")
    return value, ones ^ (ones >> int(prefix))


class Masked:
    """One field of a match: the packet's value, under the mask, equals value."""

    __slots__ = ("number", "value", "mask", "wire")

    def __init__(self, number: int, value: int, mask: int):
        ones = _ONES[number]
        if not (0 <= value <= ones and 0 <= mask <= ones):
            raise ValueError(f"{value:#x} does not fit {_NAMES[number]}, which has {_WIDTHS[_NAMES[number]]} bits")
        self.number, self.value, self.mask = number, value & mask, mask
        value, mask = self.value, 0 if mask == ones else mask  # 0 stands for all ones
        self.wire = bytes_field(3, uint_field(1, number) + uint_field(2, value & _LOW) + uint_field(3, mask & _LOW)
                                + fixed64_field(4, value >> 64) + fixed64_field(5, mask >> 64))

    @property
    def name(self) -> str:
        return _NAMES[self.number]

    def __repr__(self) -> str:
        full = self.mask == _ONES[self.number]
        return f"{self.name}={self.value:#x}" + ("" if full else f"/{self.mask:#x}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Masked) and self.wire == other.wire

    def __hash__(self) -> int:
        return hash(self.wire)


# Caches only: rules are much alike, and making the wire form is most of the work.
_masked = lru_cache(16384)(Masked)


class Match(tuple):
    """A conjunction of fields; the empty one covers every packet. Made by match()."""

    __slots__ = ()

    def get(self, name: str, default: Optional[int] = None) -> Optional[int]:
        """The value of a field, if the match has it."""
        number = _number(name)
        for m in self:
            if m.number == number:
                return m.value
        return default

    def mask(self, name: str) -> int:
        """The mask of a field; 0 when the match does not have it."""
        number = _number(name)
        return next((m.mask for m in self if m.number == number), 0)

    def __repr__(self) -> str:
        return f"match({', '.join(map(repr, self))})"


def _by_number(m: Masked) -> int:
    return m.number


def match(base: Iterable[Masked] = (), **fields: Value) -> Match:
    """The match of all the fields, and of those of another match.

    A field's value is a number, an address as text, a prefix as text ("10.0.0.0/8"), or a
    pair (value, mask). A mask of zero takes a field of the base away. As in OpenFlow, a
    match of ipv4_dst needs eth_type=ETH_IPV4 beside it, one of tcp_dst also ip_proto=TCP.
    """
    out = []
    for name, value in fields.items():
        number = _NUMBERS.get(name) or _number(name)
        if type(value) is int:
            out.append(_masked(number, value, _ONES[number]))
            continue
        value, mask = _parsed(number, value) if isinstance(value, str) else (
            value if isinstance(value, tuple) else (int(value), _ONES[number]))
        if mask:
            out.append(_masked(number, value, mask))
    if base:
        named = {_number(name) for name in fields}
        out.extend(m for m in base if m.number not in named)
    out.sort(key=_by_number)
    return Match(out)


class Action:
    """One action. Made by the functions below."""

    __slots__ = ("type", "arg", "name", "field", "value", "max_len", "wire")

    def __init__(self, type: int, arg: int = 0, name: str = "", field: str = "", value: int = 0, max_len: int = 0):
        if not 0 <= arg < 1 << 32:
            raise ValueError(f"{arg} does not fit 32 bits")
        if not 0 <= max_len < 1 << 16:
            raise ValueError(f"max_len is {max_len}, which does not fit 16 bits")
        self.type, self.arg, self.name, self.field, self.value, self.max_len = type, arg, name, field, value, max_len
        number = 0
        if field:
            number = _number(field)
            if not 0 <= value <= _ONES[number]:
                raise ValueError(f"{value:#x} does not fit {field}, which has {_WIDTHS[field]} bits")
        body = (uint_field(1, type) + uint_field(2, arg) + bytes_field(3, name.encode(errors="replace"), True)
                + uint_field(4, number) + uint_field(5, value & _LOW) + fixed64_field(6, value >> 64) + uint_field(7, max_len))
        self.wire = varint(len(body)) + body  # its tag depends on where it stands

    def __repr__(self) -> str:
        words = [_ACTIONS[self.type]]
        if self.arg or self.type in (1, 3):
            words.append(str(self.arg))
        words += [w for w in (self.name, self.field and f"{self.field}={self.value:#x}") if w]
        return ":".join(words)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Action) and self.wire == other.wire

    def __hash__(self) -> int:
        return hash(self.wire)


_ACTIONS = ("?", "output", "group", "set_queue", "set_field", "push_vlan", "pop_vlan", "dec_ttl", "flood", "next_app")


@lru_cache(4096)
def output(port: int, max_len: int = 0) -> Action:
    """Sends the packet out of a port; to CONTROLLER with at most max_len bytes, 0: all."""
    return Action(1, port, max_len=max_len)


def to_controller(max_len: int = 0) -> Action:
    """Sends the packet to this app."""
    return output(CONTROLLER, max_len)


@lru_cache(4096)
def in_group(name: str) -> Action:
    """Sends the packet to a group by its name."""
    return Action(2, name=name)


def set_queue(queue: int) -> Action:
    """Sends what follows through a queue of the port."""
    return Action(3, queue)


@lru_cache(4096)
def _set(field: str, value: int) -> Action:
    return Action(4, field=field, value=value)


def set_field(**field: Union[int, str]) -> Action:
    """Rewrites one field: set_field(ipv4_dst="10.0.0.1")."""
    if len(field) != 1:
        raise TypeError("set_field takes one field: set_field(ipv4_dst=\"10.0.0.1\")")
    (name, value), = field.items()
    if isinstance(value, str):
        value, mask = _parsed(_number(name), value)
        if mask != _ONES[_number(name)]:
            raise ValueError("set_field takes no mask")
    return _set(name, int(value))


def push_vlan(ethertype: int = 0) -> Action:
    """Puts a VLAN tag before the others; 0 means 0x8100."""
    return Action(5, ethertype)


POP_VLAN = Action(6)
DEC_TTL = Action(7)
FLOOD = Action(8)     # along the runtime's spanning tree, never back
NEXT_APP = Action(9)  # on to the next app's first table; must be the last

Actions = Union[Action, Iterable[Action]]


class Rule(NamedTuple):
    """A flow entry. Tables count from the app's own first one."""

    match: Match = Match()
    apply: Actions = ()      # at once and in order
    priority: int = 0        # 0 to 65535
    table: int = 0
    idle: int = 0            # seconds without a packet after which it ends; 0: never
    hard: int = 0            # seconds after which it ends in any case; 0: never
    cookie: int = 0          # the app's own tag, 32 bits
    send_removed: bool = False  # ask for on_flow_removed
    write: Actions = ()      # into the action set
    clear: bool = False      # clear the action set
    goto: Optional[int] = None  # table to go on in
    meter: Union[str, int] = ""  # by name
    metadata: int = 0
    metadata_mask: int = 0


class Bucket(NamedTuple):
    """One alternative of a group."""

    actions: Actions = ()
    weight: int = 0       # of groups of the type SELECT; 0 is never chosen
    watch_port: int = 0   # of groups of the type FAST_FAILOVER; 0: none
    watch_group: Union[str, int] = ""  # another group, by name


class Group(NamedTuple):
    """A group of buckets; its number is the runtime's business."""

    name: str
    type: int = ALL
    buckets: Iterable[Bucket] = ()
    number: int = 0


class Meter(NamedTuple):
    """A meter with one drop band."""

    name: str
    rate: int = 0   # kilobits per second, or packets per second
    burst: int = 0  # kilobits or packets; 0: the switch's choice
    per_packet: bool = False
    number: int = 0


def _match_of(list: Any) -> Match:
    out = []
    for p in list:
        if not 0 < p.field < len(_NAMES):
            raise ValueError(f"there is no match field {p.field}")
        out.append(_masked(p.field, p.value | p.value_hi << 64, (p.mask | p.mask_hi << 64) or _ONES[p.field]))
    return Match(out)


def _actions_of(list: Any) -> tuple[Action, ...]:
    for p in list:
        if not (0 < p.type < len(_ACTIONS) and 0 <= p.field < len(_NAMES)):
            raise ValueError(f"there is no action {p.type} of the field {p.field}")
    return tuple(Action(p.type, p.arg, p.name, _NAMES[p.field], p.value | p.value_hi << 64, p.max_len) for p in list)


def rule_of(p: Any) -> Rule:
    """A rule from its message."""
    return Rule(_match_of(p.match), _actions_of(p.apply), p.priority, p.table, p.idle, p.hard, p.cookie, p.send_removed,
                _actions_of(p.write), p.clear, p.goto if p.HasField("goto") else None, p.meter_name or p.meter or "",
                p.metadata, p.metadata_mask)


def group_of(p: Any) -> Group:
    """A group from its message."""
    return Group(p.name, p.type, tuple(Bucket(_actions_of(b.actions), b.weight, b.watch_port, b.watch_group_name or b.watch_group or "") for b in p.buckets), p.number)


def meter_of(p: Any) -> Meter:
    """A meter from its message."""
    return Meter(p.name, p.rate, p.burst, p.per_packet, p.number)
