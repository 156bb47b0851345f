"""What an app answers with."""
from __future__ import annotations

from typing import Any, Iterable, List

from .rules import CONTROLLER, FLOOD, Action, Actions, Group, Match, Meter, Rule
from .wire import bytes_field, double_field, uint_field, varint

NO_NODE = -1

_ADD, _DELETE, _DELETE_STRICT = 0, 3, 4


def _text(number: int, text: str) -> bytes:
    return bytes_field(number, text.encode(errors="replace"), True)


def _actions(tag: bytes, actions: Actions) -> bytes:
    if type(actions) is Action:
        return tag + actions.wire
    try:
        return b"".join([tag + a.wire for a in actions])
    except (AttributeError, TypeError):
        raise TypeError(f"{actions!r} is no list of actions such as [output(1), DEC_TTL]") from None


def _watched(group: Any) -> bytes:
    return _text(5, group) if isinstance(group, str) else uint_field(3, group)


def _matched(match: Iterable[Any]) -> bytes:
    try:
        return b"".join([m.wire for m in match])
    except (AttributeError, TypeError):
        raise TypeError(f"{match!r} is no match; make one with match(eth_dst=..., in_port=...)") from None


def _rule(r: Rule) -> bytes:
    match, apply, priority, table, idle, hard, cookie, removed, write, clear, goto, meter, metadata, mask = r
    if (priority | idle | hard) >> 16 or table >> 8 or cookie >> 32:
        raise ValueError(f"{r!r}: priority, idle and hard have 16 bits, table 8 and cookie 32")
    body = b""
    if table:
        body = uint_field(1, table)
    if priority:
        body += b"\x10" + varint(priority)
    body += _matched(match)
    if apply:
        body += _actions(b"\x22", apply)
    if clear:
        body += b"\x28\x01"
    if write:
        body += _actions(b"\x32", write)
    if metadata or mask:
        body += uint_field(7, metadata) + uint_field(8, mask)
    if meter:
        body += _text(10, meter) if isinstance(meter, str) else uint_field(9, meter)
    if goto is not None:
        if goto >> 8:
            raise ValueError(f"goto is {goto}, which does not fit 8 bits")
        body += b"\x58" + varint(goto)
    if idle:
        body += b"\x60" + varint(idle)
    if hard:
        body += b"\x68" + varint(hard)
    if cookie:
        body += b"\x70" + varint(cookie)
    if removed:
        body += b"\x78\x01"
    return b"\x12" + varint(len(body)) + body


class Commands:
    """Collects what an app wants. Every call gives the id of its command, to which
    on_applied, on_failed and on_stats refer. Switches go by their ids."""

    __slots__ = ("_bodies", "issued")

    def __init__(self) -> None:
        self._bodies: List[bytes] = []
        self.issued = 0  # id of the newest command; they count from 1

    def _add(self, switch: int, part: bytes) -> int:
        self.issued = n = self.issued + 1
        self._bodies.append(b"\x08" + varint(n) + b"\x10" + varint((switch << 1) ^ (switch >> 31)) + part)
        return n

    def install(self, switch: int, rule: Rule, *, check_overlap: bool = False, reset_counts: bool = False) -> int:
        """Adds a rule or replaces the one with the same table, priority and match.
        check_overlap refuses it beside one of the same priority that overlaps;
        reset_counts starts the counters of a replaced rule anew."""
        body = _rule(rule)
        if check_overlap:
            body += b"\x38\x01"
        if reset_counts:
            body += b"\x40\x01"
        return self._add(switch, b"\x22" + varint(len(body)) + body)

    def remove(self, switch: int, rule: Rule) -> int:
        """Deletes exactly the rule with this table, priority and match."""
        return self._add(switch, bytes_field(4, uint_field(1, _DELETE_STRICT) + _rule(rule)))

    def remove_matching(self, switch: int, match: Match, table: int = 0) -> int:
        """Deletes the app's rules in one of its tables that the match covers."""
        return self._add(switch, bytes_field(4, uint_field(1, _DELETE) + _rule(Rule(match, table=table))))

    def remove_tagged(self, switch: int, tag: int) -> int:
        """Deletes the app's rules whose cookie equals tag, in all its tables."""
        return self._add(switch, bytes_field(4, uint_field(1, _DELETE) + _rule(Rule(cookie=tag)) + uint_field(3, 0xFFFFFFFF) + uint_field(6, 1)))

    def set_group(self, switch: int, group: Group) -> int:
        """Adds a group or replaces the buckets of the one with the same name."""
        buckets = b"".join(bytes_field(4, uint_field(1, b.weight) + uint_field(2, b.watch_port) + _watched(b.watch_group)
                                       + _actions(b"\x22", b.actions)) for b in group.buckets)
        body = uint_field(1, group.number) + _text(2, group.name) + uint_field(3, group.type) + buckets
        return self._add(switch, bytes_field(5, bytes_field(2, body)))

    def remove_group(self, switch: int, name: str) -> int:
        """Deletes a group by name, and the rules that lead to it."""
        return self._add(switch, bytes_field(5, uint_field(1, _DELETE) + bytes_field(2, _text(2, name))))

    def set_meter(self, switch: int, meter: Meter) -> int:
        """Adds a meter or changes the one with the same name."""
        body = (uint_field(1, meter.number) + _text(2, meter.name) + uint_field(3, meter.rate) + uint_field(4, meter.burst)
                + uint_field(5, bool(meter.per_packet)))
        return self._add(switch, bytes_field(6, bytes_field(2, body)))

    def remove_meter(self, switch: int, name: str) -> int:
        """Deletes a meter by name, and the rules that use it."""
        return self._add(switch, bytes_field(6, uint_field(1, _DELETE) + bytes_field(2, _text(2, name))))

    def limit_port(self, switch: int, port: int, rate: int) -> int:
        """Limits what leaves a port to so many bits per second; 0 takes the limit away."""
        return self._add(switch, bytes_field(7, uint_field(1, port) + uint_field(2, rate)))

    def on_miss(self, switch: int, action: int, table: int = 0) -> int:
        """Sets what becomes of packets that no rule of a table matches: MISS_DROP,
        MISS_CONTROLLER, or MISS_NEXT."""
        return self._add(switch, bytes_field(8, uint_field(1, table) + uint_field(2, action)))

    def send(self, switch: int, actions: Actions, frame: bytes, in_port: int = CONTROLLER) -> int:
        """Sends a frame from a switch, as if it had come in at in_port; CONTROLLER is
        for frames that came from nowhere."""
        body = b"\x08" + varint(in_port) + _actions(b"\x12", actions) + b"\x1a" + varint(len(frame)) + frame
        return self._add(switch, b"\x4a" + varint(len(body)) + body)

    def flood_from(self, packet: Any) -> int:
        """Sends a packet that came in on to every port of the spanning tree and every
        host port but the one it came from. The app must want the service "flood"."""
        return self.send(packet.switch, FLOOD, packet.frame, packet.port)

    def ask_stats(self, switch: int, *, rules: bool = False, groups: bool = False, meters: bool = False, ports: bool = False) -> int:
        """Asks for counters of this app's rules, groups, meters, or of the ports; the
        answer's request is the id returned."""
        return self._add(switch, bytes_field(10, uint_field(1, bool(rules)) + uint_field(2, bool(groups)) + uint_field(3, bool(meters))
                                             + uint_field(4, bool(ports))))

    def after(self, name: str, span: int) -> int:
        """Asks for on_timer after so many picoseconds (5 * SECOND). The same name again
        replaces the earlier one; a negative span cancels it."""
        return self._add(NO_NODE, bytes_field(11, _text(1, name) + uint_field(2, span)))

    def report(self, name: str, value: float) -> int:
        """Puts a number into the results."""
        return self._add(NO_NODE, bytes_field(12, _text(1, name) + double_field(2, value)))

    def log(self, level: str, text: str) -> int:
        """Puts a line into the diary; level is debug, info, warn or error."""
        return self._add(NO_NODE, bytes_field(13, _text(1, level) + _text(2, text)))

    def acknowledge(self) -> None:
        """Asks for on_applied once the newest command is in force."""
        if self._bodies:
            self._bodies[-1] += b"\x18\x01"

    def take(self) -> List[bytes]:
        """Gives what was collected, each command as the wire has it, and starts anew."""
        bodies, self._bodies = self._bodies, []
        return bodies
