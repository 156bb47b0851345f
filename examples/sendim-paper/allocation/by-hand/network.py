#!/usr/bin/python3
"""The network of ../network.xml for Mininet, its flows and what is expected of them."""
import json
import subprocess
import sys
import time

from mininet.link import TCLink
from mininet.net import Mininet
from mininet.node import OVSSwitch, RemoteController
from mininet.topo import Topo


class Allocation(Topo):
    def build(self):
        core = self.addSwitch('s1', dpid='1')
        west = self.addSwitch('s2', dpid='2')
        east = self.addSwitch('s3', dpid='3')
        self.addLink(west, core, bw=100)
        self.addLink(east, core, bw=30)
        # The controller knows users by these addresses.
        for i, (name, switch) in enumerate([('web1', core), ('web2', core), ('ann', west), ('ben', west), ('cem', west),
                                            ('dov', east), ('eva', east), ('fay', east)], 1):
            host = self.addHost(name, ip='10.0.0.%d/8' % i, mac='00:00:00:00:00:%02x' % i)
            self.addLink(host, switch, bw=100)


# From, to, Mbit/s sent, and the least and the most that should arrive.
FLOWS = [
    ('web1', 'ann', 25, 18.5, 20.5),
    ('web1', 'ben', 20, 9.2, 10.3),
    ('web1', 'cem', 15, 4.6, 5.2),
    ('web2', 'dov', 25, 15.0, 16.7),
    ('web2', 'eva', 20, 7.5, 8.4),
    ('web2', 'fay', 15, 3.7, 4.2),
]
SECONDS = 3


def kernel_datapath():
    return subprocess.run(['ovs-dpctl', 'dump-dps'], capture_output=True).returncode == 0


def send(net):
    servers, clients = [], []
    for port, (source, target, rate, _, _) in enumerate(FLOWS, 5201):
        servers.append(net[target].popen('iperf3', '-s', '-1', '-p', str(port)))
    time.sleep(1)  # until they listen
    for port, (source, target, rate, _, _) in enumerate(FLOWS, 5201):
        clients.append(net[source].popen('iperf3', '-J', '-u', '-c', net[target].IP(), '-p', str(port),
                                         '-b', '%dM' % rate, '-l', '1472', '-t', str(SECONDS)))
    results = []
    for (_, target, _, least, most), client in zip(FLOWS, clients):
        out = json.loads(client.communicate()[0])
        total = out['end']['sum']
        arrived = 1 - total['lost_packets'] / total['packets']
        rate = total['bytes'] * 8 * arrived / total['seconds'] / 1e6
        results.append(dict(to=target, mbps=round(rate, 2), passed=least <= rate <= most))
    for server in servers:
        server.wait()
    return results


def main():
    switch = OVSSwitch
    if not kernel_datapath():
        def switch(name, **options):
            return OVSSwitch(name, datapath='user', **options)
    net = Mininet(topo=Allocation(), link=TCLink, switch=switch, controller=None, ipBase='10.0.0.0/8')
    net.addController('c0', controller=RemoteController, ip='127.0.0.1', port=6653)
    for s in net.switches:
        s.protocols = 'OpenFlow13'
    net.start()
    try:
        for h in net.hosts:  # what a switch in user space would not forward
            h.cmd('ethtool -K %s-eth0 tx off' % h.name)
            h.cmd('sysctl -w net.ipv6.conf.all.disable_ipv6=1')
        if not net.waitConnected(timeout=10):
            sys.exit('no controller')
        lost = net.pingAll()
        flows = send(net)
    finally:
        net.stop()
    print(json.dumps(dict(lost=lost, flows=flows)))
    sys.exit(0 if lost == 0 and all(f['passed'] for f in flows) else 1)


if __name__ == '__main__':
    main()
