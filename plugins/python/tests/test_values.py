"""Matches, actions, addresses and saved states."""
import unittest

from sendim import *
from sendim import app_pb2 as pb
from sendim import state, wire


class Matches(unittest.TestCase):
    def test_numbers_text_prefixes_and_masks_mean_the_same(self):
        self.assertEqual(match(ipv4_dst="10.0.0.0/8"), match(ipv4_dst=(0x0A000000, 0xFF000000)))
        self.assertEqual(match(eth_src="00:00:00:00:00:01"), match(eth_src=1))
        self.assertEqual(match(ipv4_dst="10.1.2.3/32"), match(ipv4_dst=ip("10.1.2.3")))
        self.assertEqual(match(ipv6_src="2001:db8::/32").get("ipv6_src"), 0x20010DB8 << 96)

    def test_the_order_of_the_fields_does_not_matter(self):
        self.assertEqual(match(eth_src=1, in_port=2), match(in_port=2, eth_src=1))
        self.assertEqual(hash(match(eth_src=1, in_port=2)), hash(match(in_port=2, eth_src=1)))

    def test_bits_outside_the_mask_do_not_count(self):
        self.assertEqual(match(ipv4_dst="10.9.9.9/8"), match(ipv4_dst="10.0.0.0/8"))

    def test_an_empty_mask_leaves_the_field_out(self):
        self.assertEqual(match(ipv4_dst="10.9.9.9/0"), match())
        self.assertEqual(match(match(in_port=1, eth_src=2), in_port=(0, 0)), match(eth_src=2))

    def test_a_match_can_be_made_of_another(self):
        base = match(in_port=1, eth_src=2)
        self.assertEqual(match(base, eth_src=3, eth_dst=4), match(in_port=1, eth_src=3, eth_dst=4))
        self.assertEqual(base, match(in_port=1, eth_src=2))

    def test_fields_can_be_asked_for(self):
        m = match(ipv4_dst="10.0.0.0/8")
        self.assertEqual((m.get("ipv4_dst"), m.mask("ipv4_dst"), m.get("eth_src"), m.mask("eth_src")), (0x0A000000, 0xFF000000, None, 0))
        self.assertEqual(repr(m), "match(ipv4_dst=0xa000000/0xff000000)")

    def test_what_is_no_field_or_value_is_refused(self):
        for wrong in ({"eth_dts": 1}, {"in_port": "x"}, {"tcp_dst": "80"}):
            with self.assertRaises(TypeError):
                match(**wrong)
        for wrong in ({"tcp_dst": 65536}, {"eth_src": -1}, {"ipv4_dst": "10.0.0"}, {"ipv4_dst": "10.0.0.256"}, {"ipv4_dst": "10.0.0.0/33"},
                      {"ipv4_dst": "10.0.0.0/"}, {"eth_src": "0:0:0:0:0:1"}, {"ipv6_dst": "::g"}, {"vlan_vid": 1 << 13}):
            with self.assertRaises(ValueError, msg=wrong):
                match(**wrong)


class ActionsAndRules(unittest.TestCase):
    def test_they_are_values(self):
        self.assertEqual(output(1), output(1))
        self.assertNotEqual(output(1), output(2))
        self.assertEqual(len({set_field(eth_dst=1), set_field(eth_dst="00:00:00:00:00:01")}), 1)
        self.assertEqual(Rule(match(in_port=1), output(2), 5), Rule(match(in_port=1), output(2), 5))

    def test_their_text_says_what_they_do(self):
        self.assertEqual([repr(a) for a in (output(3), to_controller(), in_group("g"), set_queue(1), set_field(ip_dscp=3), push_vlan(), POP_VLAN, FLOOD, NEXT_APP)],
                         ["output:3", "output:4294967293", "group:g", "set_queue:1", "set_field:ip_dscp=0x3", "push_vlan", "pop_vlan", "flood", "next_app"])

    def test_what_cannot_be_set_is_refused(self):
        for wrong in (lambda: set_field(), lambda: set_field(eth_src=1, eth_dst=2), lambda: set_field(eth=1)):
            self.assertRaises(TypeError, wrong)
        for wrong in (lambda: set_field(ipv4_dst="10.0.0.0/8"), lambda: set_field(ip_dscp=64), lambda: output(-1), lambda: output(1 << 32), lambda: output(1, 1 << 16)):
            self.assertRaises(ValueError, wrong)

    def test_what_a_rule_cannot_hold_is_refused(self):
        out = Commands()
        for wrong in (Rule(priority=-1), Rule(idle=1 << 16), Rule(cookie=1 << 32), Rule(table=256), Rule(goto=256), Rule(goto=-1)):
            self.assertRaises(ValueError, out.install, 1, wrong)
        self.assertEqual((out.take(), out.issued), ([], 0))


class Addresses(unittest.TestCase):
    def test_text_and_back(self):
        for text in ("00:00:00:00:00:01", "ff:ff:ff:ff:ff:ff"):
            self.assertEqual(mac_text(mac(text)), text)
        for text in ("0.0.0.0", "10.0.0.1", "255.255.255.255"):
            self.assertEqual(ip_text(ip(text)), text)
        self.assertEqual(ip6_text(ip6("2001:db8::1")), "2001:db8::1")
        self.assertTrue(is_multicast(mac("01:00:5e:00:00:01")))
        self.assertFalse(is_multicast(mac("fe:00:00:00:00:01")))


class Wire(unittest.TestCase):
    def test_numbers_are_as_protobuf_has_them(self):
        for n in (0, 1, 127, 128, 16383, 16384, 1 << 32, (1 << 63) - 1, -1, -(1 << 63)):
            self.assertEqual(pb.SetTimer.FromString(wire.uint_field(2, n)).after, n)
        for n in (1, 1 << 63, (1 << 64) - 1):
            self.assertEqual(pb.Rule.FromString(wire.uint_field(7, n)).metadata, n)
            self.assertEqual(pb.Masked.FromString(wire.fixed64_field(4, n)).value_hi, n)
        for n in (1 << 64, -(1 << 63) - 1):
            self.assertRaises(ValueError, wire.varint, n)

    def test_switches_are_zigzag(self):
        out = Commands()
        for switch in (0, 1, 63, 64, 1 << 20, (1 << 31) - 1, -1):
            out.ask_stats(switch)
            self.assertEqual(pb.Command.FromString(out.take()[0]).switch, switch)

    def test_every_command_says_its_part_even_if_it_is_empty(self):
        out = Commands()
        out.ask_stats(0), out.report("", 0), out.log("", ""), out.limit_port(0, 0, 0), out.set_meter(0, Meter("")), out.install(0, Rule()), out.after("", 0)
        self.assertEqual([pb.Command.FromString(b).WhichOneof("part") for b in out.take()],
                         ["stats", "metric", "log", "port_rate", "meter", "rule", "set_timer"])


class State(unittest.TestCase):
    def test_what_is_saved_comes_back(self):
        for x in (None, True, 0, -1, 1 << 80, 0.5, "ä", b"\x00\xff", [], [1, [2]], (), (1, "a"), {}, {1: {2: (3, {4, 5})}}, {"a": 1}, {(1, 2): set()}, float("inf")):
            self.assertEqual(state.loads(state.dumps(x)), x)

    def test_a_key_that_is_a_named_tuple_is_found_again(self):
        self.assertEqual(state.loads(state.dumps({Port(1, 2): 3}))[Port(1, 2)], 3)

    def test_the_order_of_a_set_is_always_the_same(self):
        self.assertEqual(state.dumps({"b", "a", "c"}), state.dumps({"c", "b", "a"}))

    def test_what_cannot_be_saved_or_read_is_refused(self):
        self.assertRaises(TypeError, state.dumps, object())
        for wrong in (b"", b"x", b"{}", b'{"dict":1}', b'{"dict":[[1]]}', b'{"set":[{"dict":[]}]}', b'{"bytes":"x"}', b'{"eval":"1"}', b"[" * 100000, b"\xff"):
            self.assertRaises(ValueError, state.loads, wrong)


if __name__ == "__main__":
    unittest.main()
