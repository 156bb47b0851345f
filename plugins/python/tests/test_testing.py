"""The bench that authors test their apps with, on the examples."""
import os
import sys
import unittest

from sendim import *
from sendim.testing import Bench

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "..", "examples", "python"))

from learning_switch import LEARNED, LearningSwitch  # noqa: E402
from monitor import Monitor  # noqa: E402


class Switches(unittest.TestCase):
    def bench(self, **params):
        b = Bench(LearningSwitch, **params)
        self.assertEqual([(g.kind, g.switch, g.what.action) for g in b.tell("topology", switches=[1, 2])],
                         [("on_miss", 1, MISS_CONTROLLER), ("on_miss", 2, MISS_CONTROLLER)])
        return b

    def packet(self, b, src, dst, port):
        return b.tell("packet_in", switch=1, port=port, eth_src=src, eth_dst=dst, frame=b"frame")

    def test_a_packet_for_nobody_known_floods_and_the_answer_installs_a_rule(self):
        b = self.bench(priority="7", idle="1500ms")
        given, = self.packet(b, 2, 4, 1)
        self.assertEqual((given.kind, given.what.in_port, given.what.frame), ("send", 1, b"frame"))
        rule, sent = self.packet(b, 4, 2, 3)
        self.assertEqual(rule.what, Rule(match(in_port=3, eth_dst=2, eth_src=4), (output(1),), 7, idle=2, cookie=LEARNED, send_removed=True))
        self.assertEqual((rule.kind, sent.kind, rule.id, sent.id), ("install", "send", 4, 5))

    def test_one_that_moves_takes_its_rules_along(self):
        b = self.bench()
        self.packet(b, 2, 4, 1), self.packet(b, 4, 2, 3)
        self.assertEqual([(g.kind, g.what.match) for g in self.packet(b, 2, 6, 5)[:2]],
                         [("remove_matching", match(eth_dst=2)), ("remove_matching", match(eth_src=2))])

    def test_it_goes_on_from_what_it_saved(self):
        b = self.bench(priority="9")
        self.packet(b, 2, 4, 1)
        rule, _ = self.packet(b.saved(), 4, 2, 3)
        self.assertEqual((rule.what.priority, rule.id), (9, 4))

    def test_what_is_no_field_or_parameter_is_refused(self):
        with self.assertRaisesRegex(TypeError, "has no parameter 'idel'"):
            Bench(LearningSwitch, idel="1s")
        with self.assertRaisesRegex(TypeError, "PacketIn has no field 'eth_sorc'"):
            Bench(LearningSwitch).tell("packet_in", eth_sorc=1)

    def test_an_exception_reaches_the_test(self):
        class Wrong(App):
            name = "wrong"

            def on_timer(self, e, out):
                raise KeyError(5)

        with self.assertRaises(KeyError):
            Bench(Wrong).tell("timer", name="x")


class Everything(unittest.TestCase):
    def test_every_call_has_its_kind(self):
        class All(App):
            name = "all"

            def on_timer(self, e, out):
                r = Rule(match(in_port=1), output(2))
                out.install(1, r), out.remove(1, r), out.remove_matching(1, r.match), out.remove_tagged(1, 5)
                out.set_group(1, Group("g")), out.remove_group(1, "g"), out.set_meter(1, Meter("m")), out.remove_meter(1, "m")
                out.limit_port(1, 2, 3), out.on_miss(1, MISS_NEXT), out.send(1, FLOOD, b""), out.ask_stats(1), out.after("t", 1)
                out.report("n", 1), out.log("info", "x"), out.acknowledge()

        given = Bench(All).tell("timer")
        self.assertEqual([g.kind for g in given], ["install", "remove", "remove_matching", "remove_tagged", "set_group", "remove_group", "set_meter",
                                                   "remove_meter", "limit_port", "on_miss", "send", "ask_stats", "after", "report", "log"])
        self.assertEqual([g.ack for g in given], [False] * 14 + [True])

    def test_the_monitor_asks_in_turn(self):
        b = Bench(Monitor, every="2s")
        b.tell("topology", switches=[1, 2], last=True, links=dict(id=[0], a_switch=[1], a_port=[1], b_switch=[2], b_port=[1], rate=[8], delay=[0],
                                                                   weight=[1], spare=[False], up=[True]))
        self.assertEqual([(g.kind, g.switch) for g in b.tell("timer", name="ask")], [("ask_stats", 1), ("ask_stats", 2), ("after", -1)])
        given = b.tell("stats", at=SECOND, switch=1, ports=[dict(port=1, tx_bytes=1)])
        self.assertEqual([(g.what.name, g.what.value) for g in given[:1]], [("peak s1->s2", 1.0)])


if __name__ == "__main__":
    unittest.main()
