"""An app's process: the handshake, the streams, the end.

The socket is served in the clear. Who can reach it is decided by its directory, which
sendim makes for this one app and for this user alone (mode 0700); certificates between
two processes of the same user would keep nobody out whom the directory lets in.
serve refuses to listen in any other directory, and sendim asks no certificate only of
programs whose first line names Python. (Releases of grpcio of before the end of 2023
know only one curve, P-256, and go-plugin's certificates are of another.)
"""
from __future__ import annotations

import os
import signal
import stat
import sys
import threading
from typing import Any, Iterator, NoReturn, Union

from .app import App

VERSION = 1
COOKIE, COOKIE_VALUE = "SENDIM_APP", "1dc6a4c2-sendim-app"
MESSAGE_MAX = 64 << 20

_STDOUT = -1  # sendim's end of the handshake, once standard output is the log


def called_by_sendim() -> bool:
    """Whether this process was started by sendim, and not by hand or by a test."""
    return os.environ.get(COOKIE) == COOKIE_VALUE


def settle_streams() -> None:
    """Keeps standard output for the handshake alone: what the app prints, or what a
    program that it starts writes, goes to the log. Called on import, so that a print
    before serve does no harm."""
    global _STDOUT
    if _STDOUT < 0 and called_by_sendim():
        _STDOUT = os.dup(1)
        os.dup2(2, 1)
        sys.stdout.flush()  # what was printed so far goes to the log as well
        sys.stdout = open(1, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)


def explain_the_end() -> None:
    """Makes the last line of a trace say where: it is the one that sendim shows."""
    if called_by_sendim():
        def hook(kind: Any, error: BaseException, trace: Any) -> None:
            from .places import one_line
            sys.__excepthook__(kind, error, trace)
            print(one_line(error), file=sys.stderr)

        sys.excepthook = hook


def serve(app: Union[App, type]) -> NoReturn:
    """The end of an app's file: if __name__ == "__main__": serve(MyApp). Does not return."""
    if isinstance(app, type):
        app = app()
    if not called_by_sendim():
        _give_up(f"{app.name} is an application for SENDIM and does not run by itself: "
                 f"name it in a deployment descriptor, <application plugin=\"./{os.path.basename(sys.argv[0])}\"/>")
    try:
        import grpc
        from .runner import Runner
    except ImportError as e:
        package = "python3-grpcio" if (e.name or "").startswith("grpc") else "python3-protobuf"
        _give_up(f"this Python ({sys.executable}) lacks {e.name}: apt install {package} "
                 "(for /usr/bin/python3; for another one: pip install grpcio protobuf)")
    directory = os.environ.get("PLUGIN_UNIX_SOCKET_DIR", "")
    if os.environ.get("PLUGIN_CLIENT_CERT") or not _private(directory):
        _give_up("apps in Python are reached by a socket in a directory of their own: start the file itself, "
                 "whose first line must name Python (#!/usr/bin/python3), and no other program in its place")
    settle_streams()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent's business
    _end_with_the_parent()
    _listen(grpc, Runner(app), os.path.join(directory, f"app{os.getpid()}"))


def _give_up(line: str) -> NoReturn:
    print(line, file=sys.stderr)
    sys.exit(1)


def _private(directory: str) -> bool:
    """Whether nobody but this user gets into a directory."""
    try:
        s = os.stat(directory)
    except OSError:
        return False
    return stat.S_ISDIR(s.st_mode) and s.st_uid == os.geteuid() and s.st_mode & 0o077 == 0


def _end_with_the_parent() -> None:
    """Standard input ends when sendim does, and so do we. The app reads nothing from it."""
    stdin, nothing = os.dup(0), os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)

    def wait() -> None:
        try:
            while os.read(stdin, 4096):
                pass
        finally:
            os._exit(0)

    threading.Thread(target=wait, daemon=True).start()


def _listen(grpc: Any, runner: Any, socket: str) -> NoReturn:
    from concurrent.futures import ThreadPoolExecutor

    turn, ended = threading.Lock(), threading.Event()  # an app does one thing at a time, whatever the host asks
    from .places import one_line, trace
    from .runner import Broken

    def manifest(_: bytes, context: Any) -> bytes:
        with turn:
            return runner.manifest()

    def handle(requests: Iterator[bytes], context: Any) -> Iterator[bytes]:
        for request in requests:
            with turn:
                try:
                    yield from runner.batch(request)
                except Broken:
                    # Nothing about the app can be trusted any more. The host, which knows
                    # why, ends this process; should it not, we do.
                    sys.stderr.flush()
                    ended.wait(1)
                    os._exit(2)

    def answered(work: Any) -> Any:
        def call(request: bytes, context: Any) -> bytes:
            with turn:
                try:
                    return work(request)
                except Exception as error:
                    sys.stderr.write(trace(error))
                    context.abort(grpc.StatusCode.UNKNOWN, one_line(error))

        return call

    from . import app_pb2 as pb

    def save(_: bytes) -> bytes:
        return pb.SaveResponse(state=runner.save()).SerializeToString()

    def restore(request: bytes) -> bytes:
        runner.restore(pb.RestoreRequest.FromString(request).state)
        return b""

    def check(_: bytes, context: Any) -> bytes:
        return b"\x08\x01"  # HealthCheckResponse: SERVING

    def shutdown(_: bytes, context: Any) -> bytes:
        ended.set()
        return b""

    def service(name: str, **methods: Any) -> Any:
        return grpc.method_handlers_generic_handler(name, methods)

    call = grpc.unary_unary_rpc_method_handler
    # The stream of events holds a thread for good; the others are for calls beside it.
    server = grpc.server(ThreadPoolExecutor(4), options=[
        ("grpc.max_receive_message_length", MESSAGE_MAX), ("grpc.max_send_message_length", MESSAGE_MAX)])
    server.add_generic_rpc_handlers((
        service("sendim.app.v1.App", GetManifest=call(manifest), Handle=grpc.stream_stream_rpc_method_handler(handle),
                Save=call(answered(save)), Restore=call(answered(restore))),
        service("grpc.health.v1.Health", Check=call(check)),
        service("plugin.GRPCController", Shutdown=call(shutdown)),
    ))
    server.add_insecure_port("unix:" + socket)
    server.start()
    hello = f"1|{VERSION}|unix|{socket}|grpc|\n".encode()
    os.write(_STDOUT, hello)
    os.close(_STDOUT)
    ended.wait()
    server.stop(0.2).wait(0.5)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # an app that hangs must not keep the process
