"""Works through batches of events: the protocol without its transport.

Needs the protobuf package; nothing else of this one does.
"""
from __future__ import annotations

import sys
import time
from typing import Any, Callable, Dict, Iterator, List, Optional

from . import app_pb2 as pb
from . import state
from .app import HANDLERS, App, description, parameters, set_parameters
from .commands import Commands
from .events import KINDS, Settings
from .places import one_line, trace
from .wire import bytes_field, uint_field, varint

# A message is closed when it holds so many commands or bytes: enough for the cost of a
# message not to matter, little enough for the host to work on one while we are at the next.
MESSAGE_COMMANDS = 512
MESSAGE_BYTES = 4 << 20


class Broken(Exception):
    """The app cannot go on. The text is one line."""


class Runner:
    """An app at work. One thread at a time."""

    def __init__(self, app: App):
        self.app, self.out = app, Commands()
        self.start = pb.Start()  # as it would be now: with the latest settings
        own = type(app).react is not App.react
        self.answer: Dict[str, Optional[Callable[..., None]]] = {}
        for part, name in HANDLERS.items():
            idle = getattr(type(app), name) is getattr(App, name)
            self.answer[part] = app.react if own else None if idle else getattr(app, name)

    def manifest(self) -> bytes:
        """The message Manifest."""
        a = self.app
        return pb.Manifest(
            name=a.name, version=a.version, doc=description(a), tables=a.tables, chains=a.chains,
            needs=list(a.needs), services=list(a.services), heeds=list(a.heeds), stateful=a.save is not None and a.restore is not None,
            parameters=[pb.Parameter(name=p.name, type=p.kind, default=p.default, choices=getattr(p, "choices", ()), required=p.required, doc=p.doc,
                                     least=p.least, most=p.most)
                        for p in parameters(a)]).SerializeToString()

    def batch(self, request: bytes) -> Iterator[bytes]:
        """Answers a HandleRequest event by event with HandleResponses. Broken when the app
        cannot go on, after a last response that says so."""
        r = pb.HandleRequest.FromString(request)
        head = uint_field(1, r.batch)
        patience = (r.progress_ns or 10**9) / 1e9
        clock, spoke = time.monotonic, time.monotonic()
        out, kinds, handlers = self.out, KINDS, self.answer
        answers: List[bytes] = []
        held = size = 0
        for i, e in enumerate(r.events):
            part = e.WhichOneof("part")
            if part not in kinds:
                continue  # a newer host's
            try:
                message = getattr(e, part)
                if part == "start" or part == "settings":
                    self._take(part, message)
                handler = handlers[part]
                if handler is not None:
                    handler(kinds[part](e.at, message), out)
            except BaseException as error:  # SystemExit as well: an app does not end by itself
                reason = f"raised {one_line(error)} at event {i} ({kinds[part].kind})"
                sys.stderr.write(trace(error))
                yield head + b"".join(answers) + bytes_field(4, uint_field(1, i) + bytes_field(2, reason.encode(errors="replace")))
                raise Broken(reason) from None
            bodies = out.take() if out._bodies else ()
            for first in range(0, len(bodies), MESSAGE_COMMANDS):
                some = bodies[first:first + MESSAGE_COMMANDS]
                answer = uint_field(1, i) + b"".join([b"\x12" + varint(len(b)) + b for b in some])
                if held and (held + len(some) > MESSAGE_COMMANDS or size + len(answer) > MESSAGE_BYTES):
                    yield head + b"".join(answers)
                    answers, held, size, spoke = [], 0, 0, clock()
                answers.append(b"\x12" + varint(len(answer)) + answer)
                held += len(some)
                size += len(answer)
            if clock() - spoke >= patience:
                yield head + b"".join(answers)
                answers, held, size, spoke = [], 0, 0, clock()
        yield head + b"".join(answers) + b"\x18\x01"

    def tell(self, event: Any) -> List[bytes]:
        """Has the app answer one message Event; what it raises is raised."""
        part = event.WhichOneof("part")
        if part == "start" or part == "settings":
            self._take(part, getattr(event, part))
        handler = self.answer[part]
        if handler is not None:
            handler(KINDS[part](event.at, getattr(event, part)), self.out)
        return self.out.take()

    def _take(self, part: str, message: Any) -> None:
        """Makes known to the app what it would otherwise have to keep itself."""
        a = self.app
        if part == "settings":
            self.start.settings.CopyFrom(message)
        else:
            self.start.CopyFrom(message)
            set_parameters(a, dict(message.parameters))
            a.granted, a.seed, a.last = tuple(message.granted), message.seed, message.last
        a.settings = Settings(0, self.start.settings)

    def save(self) -> bytes:
        """The app's state; empty without one."""
        if self.app.save is None or self.app.restore is None:
            return b""
        return state.dumps((self.start.SerializeToString(deterministic=True), self.out.issued, self.app.save()))

    def restore(self, data: bytes) -> None:
        """Goes on from a state; ValueError when it is none."""
        if self.app.save is None or self.app.restore is None or not data:
            return
        saved = state.loads(data)
        if not (isinstance(saved, tuple) and len(saved) == 3 and isinstance(saved[0], bytes) and isinstance(saved[1], int)):
            raise ValueError("is no state that an app in Python has saved")
        self._take("start", pb.Start.FromString(saved[0]))
        self.out.issued = saved[1]
        self.app.restore(saved[2])
