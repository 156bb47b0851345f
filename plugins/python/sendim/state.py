"""What an app saves, as JSON: numbers, text, None, lists, and also what JSON has not:
dictionaries with keys of any kind, tuples, sets and bytes. Named tuples come back as
tuples. The same value gives the same text, whatever the order of a set in memory."""
from __future__ import annotations

import json
from typing import Any


def _encode(x: Any) -> Any:
    kind = type(x)
    if x is None or kind in (bool, int, float, str):
        return x
    if kind is list:
        return [_encode(v) for v in x]
    if isinstance(x, dict):
        return {"dict": [[_encode(k), _encode(v)] for k, v in x.items()]}
    if isinstance(x, (set, frozenset)):
        return {"set": sorted((_encode(v) for v in x), key=json.dumps)}
    if isinstance(x, tuple):
        return {"tuple": [_encode(v) for v in x]}
    if isinstance(x, (bytes, bytearray)):
        return {"bytes": x.hex()}
    raise TypeError(f"save returned a {kind.__name__}; it may hold numbers, text, bytes, lists, tuples, sets and dictionaries")


def _decode(x: Any) -> Any:
    if isinstance(x, list):
        return [_decode(v) for v in x]
    if not isinstance(x, dict):
        return x
    if len(x) == 1:
        (kind, value), = x.items()
        if kind == "dict":
            return {_decode(k): _decode(v) for k, v in value}
        if kind == "set":
            return {_decode(v) for v in value}
        if kind == "tuple":
            return tuple(_decode(v) for v in value)
        if kind == "bytes":
            return bytes.fromhex(value)
    raise ValueError("is no state that an app in Python has saved")


def dumps(x: Any) -> bytes:
    """The bytes of a value."""
    return json.dumps(_encode(x), separators=(",", ":")).encode()


def loads(data: bytes) -> Any:
    """The value of bytes that dumps gave; ValueError for others."""
    try:
        return _decode(json.loads(data))
    except (TypeError, UnicodeDecodeError, RecursionError) as e:
        raise ValueError(f"is no state that an app in Python has saved: {e}") from None
