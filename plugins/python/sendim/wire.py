"""Protocol buffers' wire form, as far as commands need it.

Commands are written by hand: building messages of the protobuf package and serializing
them takes three (packets) to eight (rules) times as long, and most of an app's time is spent there. Tests
hold every kind of command against the generated code.
"""
from __future__ import annotations

import struct

_ONE = tuple(bytes((i,)) for i in range(128))
_UNSIGNED = (1 << 64) - 1


def varint(value: int) -> bytes:
    """A number of 64 bits, seven to a byte, the lowest first; negative ones as two's complement."""
    if 0 <= value < 128:
        return _ONE[value]
    if 0 <= value < 16384:
        return bytes((value & 127 | 128, value >> 7))
    if not -(1 << 63) <= value <= _UNSIGNED:
        raise ValueError(f"{value} does not fit 64 bits")
    value &= _UNSIGNED
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def uint_field(number: int, value: int) -> bytes:
    """A field of a varint type; a zero is left out."""
    return varint(number << 3) + varint(value) if value else b""


def bytes_field(number: int, value: bytes, absent: bool = False) -> bytes:
    """A field of bytes, text or a message; an empty one is left out only if absent says so."""
    if absent and not value:
        return b""
    return varint(number << 3 | 2) + varint(len(value)) + value


def fixed64_field(number: int, value: int) -> bytes:
    """A fixed64 field; a zero is left out."""
    return varint(number << 3 | 1) + value.to_bytes(8, "little") if value else b""


def double_field(number: int, value: float) -> bytes:
    """A double field; a zero is left out, negative zero is not."""
    packed = struct.pack("<d", value)
    return varint(number << 3 | 1) + packed if packed != bytes(8) else b""
