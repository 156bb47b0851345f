"""The base class of apps, and what may be set of them from outside."""
from __future__ import annotations

import inspect
from difflib import get_close_matches
from typing import Any, Callable, Dict, List, Optional, Sequence

from . import events, units
from .commands import Commands


class Parameter:
    """One thing that a deployment descriptor may set; the attribute's name is the
    parameter's. On a running app the attribute holds the value."""

    kind = "string"

    def __init__(self, default: Any = None, doc: str = "", *, required: bool = False, least: Any = "", most: Any = ""):
        self.name, self.doc, self.required = "", doc, required
        self.least, self.most = str(least), str(most)  # bounds of what has an order, as a descriptor writes them
        if isinstance(default, bool):
            default = "true" if default else "false"
        self.default = "" if default is None else str(default)
        self.value = self.parse(self.default) if default is not None else None

    def parse(self, text: str) -> Any:
        """The value of what a descriptor says."""
        return text

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, app: Optional["App"], owner: type) -> Any:
        return self if app is None else self.value  # an attribute of the app itself wins


class String(Parameter):
    """Any text."""


class Int(Parameter):
    """A whole number."""

    kind = "int"

    def parse(self, text: str) -> int:
        return int(text)


class Float(Parameter):
    """A number."""

    kind = "float"

    def parse(self, text: str) -> float:
        return float(text)


class Bool(Parameter):
    """true or false."""

    kind = "bool"

    def parse(self, text: str) -> bool:
        if text in ("1", "t", "T", "true", "TRUE", "True"):
            return True
        if text in ("0", "f", "F", "false", "FALSE", "False"):
            return False
        raise ValueError(f"{text!r} is not true or false")


class Duration(Parameter):
    """A span of time such as "5ms"; the value is picoseconds."""

    kind = "duration"

    def parse(self, text: str) -> int:
        return units.duration(text)


class Rate(Parameter):
    """A rate such as "10Mbps"; the value is bits per second."""

    kind = "rate"

    def parse(self, text: str) -> int:
        return units.rate(text)


class Choice(Parameter):
    """One of several words; the first is the default unless another is named."""

    kind = "choice"

    def __init__(self, choices: Sequence[str], doc: str = "", *, default: Optional[str] = None, required: bool = False):
        self.choices = list(choices)
        super().__init__(self.choices[0] if default is None else default, doc, required=required)

    def parse(self, text: str) -> str:
        if text not in self.choices:
            raise ValueError(f"{text!r} is none of {', '.join(self.choices)}")
        return text


class App:
    """An app: subclass it, describe it by class attributes, answer events in on_ methods.

    An app is told one event at a time and answers by calling methods of out. It must be
    a function of its events: no clock, no socket, no thread, no random numbers but those
    of random.Random(self.seed). Sets of text have no fixed order: sort them.
    """

    name = ""            # what deployments and results call it
    version = "0.1.0"
    tables = 1           # flow tables it uses
    chains = False       # uses NEXT_APP: another app must follow
    needs: Sequence[str] = ()     # of the world: meters, groups, select-groups, fast-failover, port-rate, queues
    services: Sequence[str] = ()  # wanted from the runtime: "arp" answers ARP requests, "flood" is for FLOOD
    heeds: Sequence[str] = ()     # what it carries out of its settings: profiles, services, tenants, policies

    granted: Sequence[str] = ()  # what this world can do, in the words of needs
    seed = 0                     # for apps that draw lots
    last = False                 # no app follows: NEXT_APP leads nowhere
    settings: Any = None         # events.Settings: classes, profiles, services, tenants, policies

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in vars(cls):
            if name.startswith("on_") and name not in HANDLERS.values():
                near = get_close_matches(name, HANDLERS.values(), 1)
                raise TypeError(f"{cls.__name__}.{name}: there is no such event" + (f"; did you mean {near[0]}?" if near else ""))

    def react(self, e: events.Event, out: Commands) -> None:
        """Answers any event; calls the on_ method of its kind. Override one or the other."""
        getattr(self, "on_" + e.kind.replace("-", "_"))(e, out)

    def on_start(self, e: events.Start, out: Commands) -> None:
        """The first event: parameters, granted, seed and settings are set."""

    def on_topology(self, e: events.Topology, out: Commands) -> None:
        """A chunk of the network as it stands."""

    def on_switch(self, e: events.SwitchChange, out: Commands) -> None:
        """A switch came or went; one that came has none of the app's rules."""

    def on_port(self, e: events.PortChange, out: Commands) -> None:
        """A port went up or down, or changed its rate."""

    def on_link(self, e: events.LinkChange, out: Commands) -> None:
        """A link between switches went up or down, appeared or vanished."""

    def on_host(self, e: events.HostChange, out: Commands) -> None:
        """A host appeared, moved or vanished."""

    def on_packet_in(self, e: events.PacketIn, out: Commands) -> None:
        """A rule or a table miss sent a packet here."""

    def on_flow_removed(self, e: events.FlowRemoved, out: Commands) -> None:
        """A rule with send_removed ended."""

    def on_stats(self, e: events.Stats, out: Commands) -> None:
        """The answer to ask_stats."""

    def on_timer(self, e: events.Timer, out: Commands) -> None:
        """A timer set by after has run out."""

    def on_applied(self, e: events.Applied, out: Commands) -> None:
        """An acknowledged command is in force."""

    def on_failed(self, e: events.Failed, out: Commands) -> None:
        """A command was refused."""

    def on_settings(self, e: events.Settings, out: Commands) -> None:
        """What the descriptors say about users has changed; self.settings has the new."""

    # Override both to survive a hot swap or a restart elsewhere; parameters, granted,
    # seed, last and settings survive by themselves. save gives numbers, text, bytes,
    # lists, tuples, sets and dictionaries, restore gets the same.
    save: Optional[Callable[[], Any]] = None
    restore: Optional[Callable[[Any], None]] = None


HANDLERS = {part: "on_" + part for part in events.KINDS}


def parameters(app: App) -> List[Parameter]:
    """The parameters of an app, in the order of their definition, a base class's first."""
    found: Dict[str, Parameter] = {}
    for cls in reversed(type(app).__mro__):
        for name, value in vars(cls).items():
            if isinstance(value, Parameter):
                found[name] = value
            else:
                found.pop(name, None)  # a subclass has fixed it
    return list(found.values())


def set_parameters(app: App, values: Dict[str, str]) -> None:
    """Sets the app's attributes to the values that a run gives."""
    for p in parameters(app):
        if p.name in values:
            try:
                setattr(app, p.name, p.parse(values[p.name]))
            except ValueError as e:
                raise ValueError(f"parameter {p.name}: {e}") from None


def description(app: App) -> str:
    """What the app says of itself: its own docstring or its file's, the first paragraph."""
    doc = type(app).__dict__.get("__doc__") or getattr(inspect.getmodule(type(app)), "__doc__", None) or ""
    return " ".join(inspect.cleandoc(doc).split("\n\n")[0].split())
