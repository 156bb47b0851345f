#!/usr/bin/python3
"""Allocates rates to users and learns where hosts are: osken-manager controller.py"""
from os_ken.base.app_manager import OSKenApp
from os_ken.controller import ofp_event
from os_ken.controller.handler import CONFIG_DISPATCHER, MAIN_DISPATCHER, set_ev_cls
from os_ken.lib.packet import ethernet, packet
from os_ken.ofproto import ofproto_v1_3

CORE = 1  # the switch of the servers, where all that users receive comes in
USABLE = 0.95  # of a link's rate
# What is asked for, in kbit/s, and the rate of the link that all at a switch share.
USERS = [
    (100000, {'10.0.0.3': 20000, '10.0.0.4': 10000, '10.0.0.5': 5000}),
    (30000, {'10.0.0.6': 20000, '10.0.0.7': 10000, '10.0.0.8': 5000}),
]
LIMITS, LEARNED = 0, 1  # tables


class Allocation(OSKenApp):
    OFP_VERSIONS = [ofproto_v1_3.OFP_VERSION]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.seen = {}

    def rule(self, switch, table, priority, match, instructions):
        switch.send_msg(switch.ofproto_parser.OFPFlowMod(
            datapath=switch, table_id=table, priority=priority, match=match, instructions=instructions))

    @set_ev_cls(ofp_event.EventOFPSwitchFeatures, CONFIG_DISPATCHER)
    def connected(self, event):
        switch = event.msg.datapath
        of, parser = switch.ofproto, switch.ofproto_parser
        self.seen[switch.id] = {}
        on = parser.OFPInstructionGotoTable(LEARNED)
        self.rule(switch, LIMITS, 0, parser.OFPMatch(), [on])
        ask = [parser.OFPActionOutput(of.OFPP_CONTROLLER, of.OFPCML_NO_BUFFER)]
        self.rule(switch, LEARNED, 0, parser.OFPMatch(), [parser.OFPInstructionActions(of.OFPIT_APPLY_ACTIONS, ask)])
        if switch.id != CORE:
            return
        meter = 0
        for rate, users in USERS:
            share = min(1, USABLE * rate / sum(users.values()))
            for ip, asked in users.items():
                meter += 1
                kbps = int(asked * share)
                band = parser.OFPMeterBandDrop(rate=kbps, burst_size=max(100, kbps // 50))
                switch.send_msg(parser.OFPMeterMod(datapath=switch, command=of.OFPMC_ADD, meter_id=meter,
                                                   flags=of.OFPMF_KBPS | of.OFPMF_BURST, bands=[band]))
                match = parser.OFPMatch(eth_type=0x0800, ipv4_dst=ip)
                self.rule(switch, LIMITS, 1, match, [parser.OFPInstructionMeter(meter), on])

    @set_ev_cls(ofp_event.EventOFPPacketIn, MAIN_DISPATCHER)
    def packet_in(self, event):
        message, switch = event.msg, event.msg.datapath
        of, parser = switch.ofproto, switch.ofproto_parser
        port = message.match['in_port']
        frame = packet.Packet(message.data).get_protocol(ethernet.ethernet)
        seen = self.seen[switch.id]
        seen[frame.src] = port
        way = [parser.OFPActionOutput(seen.get(frame.dst, of.OFPP_FLOOD))]
        if frame.dst in seen:
            match = parser.OFPMatch(in_port=port, eth_src=frame.src, eth_dst=frame.dst)
            self.rule(switch, LEARNED, 1, match, [parser.OFPInstructionActions(of.OFPIT_APPLY_ACTIONS, way)])
        switch.send_msg(parser.OFPPacketOut(datapath=switch, buffer_id=of.OFP_NO_BUFFER, in_port=port,
                                            actions=way, data=message.data))
