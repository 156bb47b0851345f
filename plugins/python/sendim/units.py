"""Quantities and addresses as numbers, and back.

Times are picoseconds, rates bits per second, IPv4 addresses and MACs numbers whose first
byte is the most significant: 10.0.0.1 is 0x0a000001.
"""
from __future__ import annotations

import math
import re
from ipaddress import IPv6Address

PICOSECOND = 1
NANOSECOND = 10**3
MICROSECOND = 10**6
MILLISECOND = 10**9
SECOND = 10**12
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE

KBPS, MBPS, GBPS, TBPS = 10**3, 10**6, 10**9, 10**12

_TIMES = {"h": HOUR, "min": MINUTE, "m": MINUTE, "s": SECOND, "ms": MILLISECOND, "us": MICROSECOND,
          "µs": MICROSECOND, "μs": MICROSECOND, "ns": NANOSECOND, "ps": PICOSECOND}
_RATES = {prefix + name: factor for name in ("bps", "bit/s", "bit")
          for prefix, factor in (("T", TBPS), ("G", GBPS), ("M", MBPS), ("k", KBPS), ("K", KBPS), ("", 1))}

_QUANTITY = re.compile(r"([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?) *(.*)", re.DOTALL)


def _quantity(text: str, units: dict[str, int], kind: str, example: str) -> int:
    m = _QUANTITY.fullmatch(text)
    if m is None:
        raise ValueError(f"{text!r} is not a {kind}; write it like {example}")
    number, unit = m.groups()
    try:
        value = float(number)
    except ValueError:
        value = math.inf
    if math.isinf(value):
        raise ValueError(f"{text!r} is not a {kind}: {number!r} is not a finite number")
    if value < 0:
        raise ValueError(f"{text!r} is negative; a {kind} is not")
    if not unit and value == 0:
        return 0
    if unit not in units:
        raise ValueError(f"{text!r} has no unit of a {kind}; write it like {example}")
    if re.fullmatch(r"\+?[0-9]+", number):
        result = int(number) * units[unit]
    else:
        exact = value * units[unit]
        # Half away from zero, as sendim has it; Python's round goes to the even neighbour.
        result = int(math.floor(exact + 0.5)) if exact < 2**52 else int(exact)
    if result >= 2**63:
        raise ValueError(f"{text!r} is too large for a {kind}")
    return result


def duration(text: str) -> int:
    """Picoseconds of a span such as "5ms", "1.5s" or "2min"."""
    return _quantity(text, _TIMES, "time", "5ms")


def rate(text: str) -> int:
    """Bits per second of a rate such as "10Mbps" or "2.5Gbps"."""
    return _quantity(text, _RATES, "rate", "10Mbps")


def mac(text: str) -> int:
    """The number of a MAC such as "00:00:00:00:00:01"."""
    if not re.fullmatch(r"[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}", text):
        raise ValueError(f"{text!r} is not a MAC; write it like 00:00:00:00:00:01")
    return int(text.replace(":", ""), 16)


def mac_text(number: int) -> str:
    """The text of a MAC: 1 is "00:00:00:00:00:01"."""
    return number.to_bytes(6, "big").hex(":")


def ip(text: str) -> int:
    """The number of an IPv4 address such as "10.0.0.1"."""
    parts = text.split(".")
    if len(parts) != 4 or not all(p.isascii() and p.isdigit() and int(p) < 256 for p in parts):
        raise ValueError(f"{text!r} is not an IPv4 address; write it like 10.0.0.1")
    return int.from_bytes(bytes(map(int, parts)), "big")


def ip_text(number: int) -> str:
    """The text of an IPv4 address: 0x0a000001 is "10.0.0.1"."""
    return ".".join(map(str, number.to_bytes(4, "big")))


def ip6(text: str) -> int:
    """The number of an IPv6 address such as "2001:db8::1"."""
    return int(IPv6Address(text))


def ip6_text(number: int) -> str:
    """The text of an IPv6 address."""
    return str(IPv6Address(number))


def is_multicast(address: int) -> bool:
    """Whether a MAC is a multicast or the broadcast address."""
    return address >> 40 & 1 == 1
