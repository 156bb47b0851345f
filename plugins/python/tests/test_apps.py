"""Apps, their parameters, and how batches are worked through."""
import io
import os
import random
import tempfile
import unittest
from contextlib import redirect_stderr

import sendim
from sendim import *
from sendim import app_pb2 as pb
from sendim import events
from sendim.app import parameters
from sendim.runner import MESSAGE_COMMANDS, Broken, Runner
from sendim.server import _private


class Counter(App):
    """Counts.

    More about it."""

    name = "counter"
    step = Int(1, "how much")
    pace = Duration("1s", "how often")
    n = 0

    def on_timer(self, e, out):
        self.n += self.step
        for _ in range(int(e.name or 0)):
            out.report("n", self.n)

    def save(self):
        return self.n

    def restore(self, n):
        self.n = n


def request(*parts, batch=1, progress_ns=0):
    r = pb.HandleRequest(batch=batch, progress_ns=progress_ns)
    for part in parts:
        part(r.events.add())
    return r.SerializeToString()


def timer(name=""):
    return lambda e: e.timer.SetInParent() or setattr(e.timer, "name", str(name))


def start(**values):
    def fill(e):
        e.start.SetInParent()
        for k, v in values.items():
            e.start.parameters[k] = v
    return fill


def responses(runner, raw):
    return [pb.HandleResponse.FromString(r) for r in runner.batch(raw)]


class Parameters(unittest.TestCase):
    def test_a_parameter_has_its_default_until_a_run_gives_it_a_value(self):
        a, b = Counter(), Counter()
        self.assertEqual((a.step, a.pace), (1, SECOND))
        responses(Runner(a), request(start(step="5", pace="20ms", other="x")))
        self.assertEqual((a.step, a.pace, b.step), (5, 20 * MILLISECOND, 1))

    def test_a_subclass_has_those_of_its_base_and_may_fix_one(self):
        class Fixed(Counter):
            name = "fixed"
            step = 3
            more = Bool(False, "more")

        self.assertEqual([p.name for p in parameters(Fixed())], ["pace", "more"])
        self.assertEqual(Fixed().step, 3)

    def test_a_default_must_fit(self):
        for wrong in (lambda: Int("x"), lambda: Bool("maybe"), lambda: Duration("5"), lambda: Rate("10Mb"), lambda: Choice(["a"], default="b")):
            self.assertRaises(ValueError, wrong)

    def test_the_first_paragraph_of_the_docstring_describes_the_app(self):
        self.assertEqual(pb.Manifest.FromString(Runner(Counter()).manifest()).doc, "Counts.")

    def test_a_handler_of_no_event_is_refused(self):
        with self.assertRaisesRegex(TypeError, "did you mean on_timer"):
            class Wrong(App):
                def on_timre(self, e, out):
                    pass


class Protocol(unittest.TestCase):
    """Holds the classes against the protocol's own description, so that what is added
    there is not forgotten here."""

    def test_every_event_of_the_protocol_has_a_class_and_a_handler(self):
        parts = [f.name for f in pb.Event.DESCRIPTOR.oneofs_by_name["part"].fields]
        self.assertEqual(sorted(parts), sorted(events.KINDS))
        for part in parts:
            self.assertTrue(hasattr(App, "on_" + part))

    def test_every_field_of_the_protocol_can_be_read(self):
        renamed = {"class": "qos", "proto": "transport", "in": "counters"}
        flat = {"PacketIn": {"header"}, "Rule": {"meter_name"}, "Bucket": {"watch_group_name"}, "Header": {"ipv6_src_hi", "ipv6_src_lo", "ipv6_dst_hi", "ipv6_dst_lo"}}
        known = {f.message_type.name: events.KINDS[f.name] for f in pb.Event.DESCRIPTOR.oneofs_by_name["part"].fields}
        known["Header"] = events.PacketIn
        for cls in (SwitchInfo, LinkInfo, HostInfo, events.Class, events.Profile, events.VirtualService, events.ServiceMember, events.Tenant,
                    events.Policy, Rule, Group, Bucket, Meter, events.Counters, events.RuleStat, events.GroupStat, events.MeterStat, events.PortStat):
            known[cls.__name__] = cls
        for name, cls in known.items():
            for field in pb.DESCRIPTOR.message_types_by_name[name].fields:
                if field.name not in flat.get(name, ()):
                    self.assertTrue(hasattr(cls, renamed.get(field.name, field.name)) or hasattr(cls, field.name), f"{name}.{field.name}")

    def test_every_field_action_and_miss_has_its_name_here(self):
        from sendim import rules
        self.assertEqual([n for n, v in sorted(pb.Field.items(), key=lambda x: x[1])[1:]], ["FIELD_" + n.upper() for n in rules._NAMES[1:]])
        self.assertEqual([n for n, v in sorted(pb.ModCommand.items(), key=lambda x: x[1])][4], "MOD_COMMAND_DELETE_STRICT")
        self.assertEqual(len(pb.ActionType.items()), len(rules._ACTIONS))

    def test_all_that_an_author_needs_is_imported_by_a_star(self):
        self.assertEqual([n for n in sendim.__all__ if not hasattr(sendim, n)], [])


class Batches(unittest.TestCase):
    def test_answers_come_event_by_event_and_the_last_response_says_done(self):
        got = responses(Runner(Counter()), request(timer(2), timer(0), timer(1), batch=7))
        self.assertEqual([(r.batch, r.done) for r in got], [(7, True)])
        self.assertEqual([(a.event, [c.id for c in a.commands]) for a in got[0].answers], [(0, [1, 2]), (2, [3])])

    def test_a_full_message_is_sent_and_no_command_is_lost(self):
        got = responses(Runner(Counter()), request(timer(MESSAGE_COMMANDS - 1), timer(3), timer(3 * MESSAGE_COMMANDS), timer(0)))
        ids = [c.id for r in got for a in r.answers for c in a.commands]
        self.assertEqual(ids, list(range(1, 4 * MESSAGE_COMMANDS + 3)))
        self.assertTrue(all(sum(len(a.commands) for a in r.answers) <= MESSAGE_COMMANDS for r in got))
        self.assertEqual([r.done for r in got], [False] * (len(got) - 1) + [True])

    def test_something_is_said_between_events_when_the_host_wants_it(self):
        got = responses(Runner(Counter()), request(timer(), timer(), progress_ns=1))
        self.assertEqual([r.done for r in got], [False, False, True])

    def test_an_event_of_a_newer_host_is_ignored(self):
        raw = request(timer(1)) + wire_unknown()
        self.assertEqual(sum(len(r.answers) for r in responses(Runner(Counter()), raw)), 1)

    def test_an_exception_is_the_last_word(self):
        class Wrong(App):
            name = "wrong"

            def on_timer(self, e, out):
                out.log("info", "said")
                1 / 0

        got = []
        with redirect_stderr(io.StringIO()) as log, self.assertRaises(Broken):
            for r in Runner(Wrong()).batch(request(timer())):
                got.append(pb.HandleResponse.FromString(r))
        self.assertRegex(got[0].failure.reason, r"^raised ZeroDivisionError: division by zero \(test_apps.py:\d+, in on_timer\) at event 0 \(timer\)$")
        self.assertIn("Traceback", log.getvalue())

    def test_a_batch_of_noise_is_refused_and_ends(self):
        class Reader(App):
            name = "reader"

            def react(self, e, out):
                for name in dir(e):
                    if not name.startswith("_"):
                        getattr(e, name)

        from google.protobuf.message import DecodeError
        r, lots = Runner(Reader()), random.Random(7)
        good = request(start(a="b"), timer(3), *(lambda e, n=n: getattr(e, n).SetInParent() for n in events.KINDS))
        refused = 0
        for _ in range(3000):
            raw = bytearray(good)
            for _ in range(lots.randrange(1, 6)):
                raw[lots.randrange(len(raw))] = lots.randrange(256)
            with redirect_stderr(io.StringIO()):
                try:
                    list(r.batch(bytes(raw[:lots.randrange(len(raw) + 1)])))
                except (DecodeError, Broken):
                    refused += 1
        self.assertGreater(refused, 100)

    def test_columns_that_differ_in_length_are_refused(self):
        for fill in (lambda t: t.switches.id.append(1), lambda t: t.links.a_port.append(1) or t.links.id.append(1), lambda t: t.hosts.id.append(1),
                     lambda t: (t.switches.id.append(1), t.switches.name.append(""), t.switches.up.append(True), t.switches.properties_per_switch.append(1 << 31))):
            t = pb.Topology()
            fill(t)
            e = events.Topology(0, t)
            with self.assertRaises(ValueError):
                e.switches, e.links, e.hosts


def wire_unknown():
    return b"\x12\x04\xfa\x07\x01x"  # an event whose part has the number 127


class Saved(unittest.TestCase):
    def test_parameters_settings_and_numbering_survive(self):
        a = Runner(Counter())
        responses(a, request(start(step="5"), lambda e: setattr(e.settings.classes.add(), "id", "gold"), timer(1)))
        b = Runner(Counter())
        b.restore(a.save())
        self.assertEqual(a.save(), b.save())
        self.assertEqual((b.app.n, b.app.step, b.app.settings.classes[0].id), (5, 5, "gold"))
        self.assertEqual(responses(b, request(timer(1)))[0].answers[0].commands[0].id, 2)

    def test_an_app_without_a_state_has_none(self):
        class Plain(App):
            name = "plain"

        r = Runner(Plain())
        self.assertEqual(r.save(), b"")
        r.restore(b"anything")
        self.assertFalse(pb.Manifest.FromString(r.manifest()).stateful)


class Place(unittest.TestCase):
    def test_only_a_directory_of_ones_own_is_private(self):
        with tempfile.TemporaryDirectory() as d:
            self.assertTrue(_private(d))
            for mode in (0o755, 0o710, 0o701, 0o777):
                os.chmod(d, mode)
                self.assertFalse(_private(d), oct(mode))
            os.chmod(d, 0o700)
            self.assertFalse(_private(os.path.join(d, "none")))
        self.assertFalse(_private(""))
        self.assertFalse(_private(__file__))

    def test_an_app_started_by_hand_says_what_it_is(self):
        with redirect_stderr(io.StringIO()) as said, self.assertRaises(SystemExit) as end:
            serve(Counter)
        self.assertEqual(end.exception.code, 1)
        self.assertIn("name it in a deployment descriptor", said.getvalue())


if __name__ == "__main__":
    unittest.main()
