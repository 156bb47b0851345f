NAME = "every \"kind\""
CONTROLLER = "127.0.0.1:6653"
STATIC_ARP = False


def build(net):
    """Makes the nodes and links; limit() says what leaves by an interface."""
    net.addSwitch('s1', dpid='0000000000000001')
    net.addSwitch('s2', dpid='0000000000000002')
    net.addSwitch('n2', dpid='0000000000000003')  # "switch of a very long name"
    net.addHost('h1', ip='10.0.0.1/8', mac='00:00:00:00:00:01', defaultRoute='dev h1-eth0')
    net.addHost('h2', ip='10.0.0.2/8', mac='00:00:00:00:00:02', defaultRoute='dev h2-eth0')
    net.addHost('n5', ip='10.0.0.3/8', mac='00:00:00:00:00:03', defaultRoute='dev n5-eth0')  # "h\u00e9l\u00e8ne"
    net.addHost('x1', ip='10.0.0.4/8', mac='00:00:00:00:00:04', defaultRoute='dev x1-eth0')
    net.addLink('s1', 's2', port1=1, port2=1, intfName1='s1-eth1', intfName2='s2-eth1',
                addr1='02:00:04:00:00:00', addr2='02:00:04:00:00:01')
    limit('s1', 's1-eth1', rate=20000000, packets=50)
    limit('s2', 's2-eth1', rate=20000000, packets=50)
    net.addLink('s1', 's2', port1=2, port2=2, intfName1='s1-eth2', intfName2='s2-eth2',
                addr1='02:00:08:00:00:00', addr2='02:00:08:00:00:01')
    limit('s1', 's1-eth2', rate=1000000000, packets=100, delay=5, jitter=1, loss=0.001)
    limit('s2', 's2-eth2', rate=500000000, bytes=150000)
    net.addLink('s2', 'n2', port1=3, port2=1, intfName1='s2-eth3', intfName2='n2-eth1',
                addr1='02:00:0c:00:00:01', addr2='02:00:04:00:00:02')  # "spare way"
    limit('s2', 's2-eth3', mtu=9000)
    limit('n2', 'n2-eth1', mtu=9000)
    net.addLink('h1', 's1', port1=0, port2=3, intfName1='h1-eth0', intfName2='s1-eth3',
                addr1='00:00:00:00:00:01', addr2='02:00:0c:00:00:00')
    net.addLink('h2', 's2', port1=0, port2=4, intfName1='h2-eth0', intfName2='s2-eth4',
                addr1='00:00:00:00:00:02', addr2='02:00:10:00:00:01')
    net.addLink('n5', 'n2', port1=0, port2=2, intfName1='n5-eth0', intfName2='n2-eth2',
                addr1='00:00:00:00:00:03', addr2='02:00:08:00:00:02')
    net.addLink('x1', 's1', port1=0, port2=4, intfName1='x1-eth0', intfName2='s1-eth4',
                addr1='00:00:00:00:00:04', addr2='02:00:10:00:00:00')


# Times are seconds from the start, rates bit/s, sizes bytes.
FLOWS = [
    dict(id="f1", start=1, transport='tcp', src='h1', dst='h2', ip='10.0.0.2', port=5001, size=10000000),
    dict(id="f2", start=0, transport='udp', src='h1', dst='h2', ip='10.0.0.2', port=7000, duration=2, rate=5000000, payload=958),
    dict(id="f3", start=0, transport='tcp', src='h2', dst='h2', ip='10.9.9.9', port=80, size=1000),
    dict(id="f4", start=0, transport='icmp', src='h2', dst='h1', ip='10.0.0.1', count=3, duration=0),
]
SCENARIO = [
    dict(at=3, up=False, ends=[('s1', 's1-eth1'), ('s2', 's2-eth1')]),
    dict(at=3, limits=[('s1-eth2', dict(node='s1', rate=100000000)), ('s2-eth2', dict(node='s2', rate=100000000))]),
    dict(at=4, up=True, ends=[('s1', 's1-eth1'), ('s2', 's2-eth1')]),
    dict(at=4, limits=[('s1-eth2', dict(node='s1', delay=1)), ('s2-eth2', dict(node='s2', delay=1))]),
    dict(at=4, limits=[('s1-eth2', dict(node='s1', loss=0.01)), ('s2-eth2', dict(node='s2', loss=0.01))]),
    dict(at=5, switch='s1', up=False, ends=[('s1', 's1-eth1'), ('s2', 's2-eth1'), ('s1', 's1-eth2'), ('s2', 's2-eth2'), ('h1', 'h1-eth0'), ('s1', 's1-eth3'), ('x1', 'x1-eth0'), ('s1', 's1-eth4')]),
    dict(at=6, up=False, ends=[('s1', 's1-eth1')]),
    dict(at=6, up=False, control=['s1']),
    dict(at=6, up=False, control=['s1', 's2', 'n2']),
]
TESTS = [
    dict(kind='reachable', src=['h1', 'h2'], dst=['h1', 'h2', 'n5']),
    dict(kind='throughput', flow="f1", min=1000000, max=0),
    dict(kind='loss', flow="f2", max=0.01),
    dict(kind='completion', flow="f1", max=10),
]
ADDRESS = {
    'h1': '10.0.0.1',
    'h2': '10.0.0.2',
    'n5': '10.0.0.3',
}
WARNINGS = [
    "flow \"f3\" goes to service \"web\": its first member alone answers",
    "external node \"x1\" is an ordinary host here",
    "the control channel of \"s1\" keeps its delay and its loss",
]

