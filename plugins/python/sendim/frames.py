"""Packets of an app's own."""
from __future__ import annotations

_ARP_REPLY = bytes.fromhex("0806" "0001" "0800" "06" "04" "0002")


def arp_reply(mac: int, ip: int, to_mac: int, to_ip: int) -> bytes:
    """The frame that tells a host, to_mac and to_ip, at which MAC an address is (RFC 826).

    It answers a request p with arp_reply(mac, p.arp_tpa, p.arp_sha, p.arp_spa), sent out of
    p.port.
    """
    there = to_mac.to_bytes(6, "big")
    here = mac.to_bytes(6, "big")
    frame = there + here + _ARP_REPLY + here + ip.to_bytes(4, "big") + there + to_ip.to_bytes(4, "big")
    return frame.ljust(60, b"\0")  # Ethernet's shortest, without its checksum
