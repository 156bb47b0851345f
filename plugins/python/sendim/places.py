"""Exceptions in the words of those who wrote the app."""
from __future__ import annotations

import os
import traceback

_HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep


def _ours(file: str) -> bool:
    return os.path.abspath(file).startswith(_HERE) or file.startswith("<frozen ")


def one_line(error: BaseException) -> str:
    """The exception and the app's own line that led to it."""
    text = " ".join("".join(traceback.format_exception_only(type(error), error)).split())
    place = ""
    for frame in traceback.extract_tb(error.__traceback__):
        if not _ours(frame.filename):
            place = f" ({os.path.basename(frame.filename)}:{frame.lineno}, in {frame.name})"
    return text + place


def trace(error: BaseException) -> str:
    """The trace from the app's first line on."""
    tb = error.__traceback__
    while tb is not None and tb.tb_next is not None and _ours(tb.tb_frame.f_code.co_filename):
        tb = tb.tb_next
    return "".join(traceback.format_exception(type(error), error, tb))
