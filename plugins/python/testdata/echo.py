#!/usr/bin/python3
"""Sends every packet back to where it came from."""
from sendim import *


class Echo(App):
    name = "echo"

    def on_packet_in(self, p, out):
        out.send(p.switch, output(IN_PORT), p.frame, p.port)


if __name__ == "__main__":
    serve(Echo)
