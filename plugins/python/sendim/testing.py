"""For the tests of an app: tells it events and gives its answers as values.

    bench = Bench(Switch, idle="30")
    bench.tell("topology", switches=[1, 2])
    given, = bench.tell("packet_in", switch=1, port=3, eth_src=mac("02:00:00:00:00:01"))
    assert given.kind == "send" and given.what.in_port == 3

No network and no other process is needed; sendim app test tries an app on networks.
"""
from __future__ import annotations

from typing import Any, List, NamedTuple, Union

from . import app_pb2 as pb
from .app import App, parameters
from .rules import group_of, meter_of, rule_of
from .runner import Runner


class Given(NamedTuple):
    """A command: kind is the name of the call that gave it, what its Rule, Group or Meter,
    or its message, whose fields are those of plugins/apprpc/proto/app.proto."""

    kind: str
    switch: int
    what: Any
    id: int
    ack: bool


_KINDS = {"port_rate": "limit_port", "miss": "on_miss", "packet_out": "send", "stats": "ask_stats", "set_timer": "after", "metric": "report"}


def given(body: bytes) -> Given:
    """A command from its form on the wire."""
    c = pb.Command.FromString(body)
    part = c.WhichOneof("part")
    kind, what = _KINDS.get(part, part), getattr(c, part)
    if part == "rule":
        kind = "remove_tagged" if what.all_tables else {0: "install", 3: "remove_matching", 4: "remove"}[what.command]
        what = rule_of(what.rule)
    elif part in ("group", "meter"):
        kind = ("set_" if what.command == 0 else "remove_") + part
        what = group_of(what.group) if part == "group" else meter_of(what.meter)
    return Given(kind, c.switch, what, c.id, c.ack)


class Bench:
    """An app and what it is told. The first event, start, is told at once; parameters are
    text, as in a descriptor, and have their defaults otherwise."""

    def __init__(self, app: Union[App, type], **params: str):
        self.runner = Runner(app() if isinstance(app, type) else app)
        values = {p.name: p.default for p in parameters(self.app)}
        unknown = sorted(set(params) - set(values))
        if unknown:
            raise TypeError(f"{self.app.name} has no parameter {unknown[0]!r}; it has {', '.join(values) or 'none'}")
        self.started = self.tell("start", parameters={**values, **params})

    @property
    def app(self) -> App:
        """The app."""
        return self.runner.app

    def tell(self, kind: str, at: int = 0, **fields: Any) -> List[Given]:
        """Tells one event: its part's name in the protocol, its time in picoseconds, its
        fields as numbers, text, dictionaries and lists. Header fields of a packet_in stand
        beside the others; a topology's switches may be a list of ids."""
        event = pb.Event(at=at)
        message = getattr(event, kind)
        message.SetInParent()
        if kind == "packet_in":
            header = {name for name in fields if name in pb.Header.DESCRIPTOR.fields_by_name}
            fields = {"header": {name: fields[name] for name in header}, **{name: v for name, v in fields.items() if name not in header}}
        if kind == "topology" and isinstance(fields.get("switches"), list):
            ids = fields["switches"]
            fields["switches"] = {"id": ids, "name": [f"s{i}" for i in ids], "up": [True] * len(ids)}
        _fill(message, fields)
        return [given(body) for body in self.runner.tell(event)]

    def saved(self) -> "Bench":
        """Another bench with an app of the same kind that goes on from this one's state."""
        other = Bench(type(self.app))
        other.runner.restore(self.runner.save())
        return other


def _fill(message: Any, fields: Any) -> None:
    for name, value in fields.items():
        if name not in message.DESCRIPTOR.fields_by_name:
            raise TypeError(f"{message.DESCRIPTOR.name} has no field {name!r}; it has {', '.join(message.DESCRIPTOR.fields_by_name)}")
        field = message.DESCRIPTOR.fields_by_name[name]
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            getattr(message, name).update(value)
        elif isinstance(value, dict):
            getattr(message, name).SetInParent()
            _fill(getattr(message, name), value)
        elif isinstance(value, (list, tuple)) and field.message_type is not None:
            for v in value:
                _fill(getattr(message, name).add(), v)
        elif isinstance(value, (list, tuple)):
            getattr(message, name).extend(value)
        else:
            setattr(message, name, value)
