# A network as other people write them: Mininet's own topologies, with a remote controller.
# Expressions come on stdin, a line each; their values go to stdout, as JSON.
import ctypes, json, os, select, socket, struct, sys, time
from functools import partial
from mininet.link import Intf
from mininet.log import setLogLevel
from mininet.net import Mininet
from mininet.node import OVSSwitch, RemoteController
from mininet.topo import LinearTopo, SingleSwitchTopo
from mininet.topolib import TorusTopo, TreeTopo

setLogLevel('error')
topo, port = eval(sys.argv[1]), int(sys.argv[2])
net = Mininet(topo=topo, switch=partial(OVSSwitch, datapath=sys.argv[3]), controller=None)
net.addController(RemoteController('c0', ip='127.0.0.1', port=port))
net.start()


def pingall(hosts=None):
    """Pairs that do not answer one ping."""
    hosts = [net[h] for h in hosts] if hosts else net.hosts
    return [[a.name, b.name] for a in hosts for b in net.hosts if a != b and ' 0% packet loss' not in a.cmd('ping -c1 -W5 ' + b.IP())]


def ping(a, b):
    return ' 0% packet loss' in net[a].cmd('ping -c1 -W1 ' + net[b].IP())


def move(host, switch):
    """Takes a host's cable out of its switch and puts it into another."""
    h = net[host]
    intf = h.defaultIntf()
    link, ip, mac, number = intf.link, h.IP(), h.MAC(), h.ports[intf]
    far = link.intf1 if link.intf2 == intf else link.intf2
    far.node.detach(far.name)
    link.delete()
    net.links.remove(link)
    h.nameToIntf.pop(intf.name, None), h.intfs.pop(number, None), h.ports.pop(intf, None)
    fresh = net.addLink(h, net[switch], port1=number)
    net[switch].attach(fresh.intf2.name)
    h.setMAC(mac, fresh.intf1), h.setIP(ip, 8, fresh.intf1)
    fresh.intf1.ifconfig('up')


def restart(switch):
    """Takes a switch away and makes it anew."""
    net[switch].stop(deleteIntfs=False)
    net[switch].start(net.controllers)


def raw(host):
    """A socket for frames at a host's interface."""
    libc, own = ctypes.CDLL(None, use_errno=True), os.open('/proc/self/ns/net', os.O_RDONLY)
    there = os.open('/proc/%d/ns/net' % net[host].pid, os.O_RDONLY)
    assert libc.setns(there, 0) == 0
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.bind((net[host].defaultIntf().name, 0))
    assert libc.setns(own, 0) == 0
    os.close(there), os.close(own)
    return s


def trips(a, b, window, seconds):
    """How many frames a second come through that only a controller can let through: to an
    address that nobody has, so many on their way at a time."""
    out, back = raw(a), raw(b)
    back.settimeout(1)
    mark = bytes.fromhex('020000ffffff') + bytes.fromhex(net[a].MAC().replace(':', ''))
    frame = lambda n: mark + struct.pack('!HQ', 0x88b5, n) + bytes(46)
    sent = got = lost = 0
    begin = time.monotonic()
    while time.monotonic() < begin + seconds:
        while sent - got - lost < window:
            out.send(frame(sent))
            sent += 1
        try:
            while not back.recv(128).startswith(mark):
                pass
            got += 1
        except TimeoutError:
            lost = sent - got
    return {'rate': got / (time.monotonic() - begin), 'lost': lost}


def flood(host, frames):
    """Frames of as many stations that nobody has heard of, as fast as they go."""
    s = raw(host)
    for n in range(frames):
        s.send(b'\xff' * 6 + struct.pack('!HI', 0x0e00, n) + struct.pack('!H', 0x88b5) + bytes(46))
    return frames


def carry(a, b, seconds):
    """Carries LLDP between two hosts, so that their ports look like ends of a cable."""
    ends = [raw(a), raw(b)]
    carried, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        for s in select.select(ends, [], [], 0.1)[0]:
            frame, where = s.recvfrom(2000)
            if frame[12:14] == b'\x88\xcc' and where[2] != socket.PACKET_OUTGOING:
                ends[1 - ends.index(s)].send(frame)
                carried += 1
    return carried


print(json.dumps('ready'), flush=True)
for line in sys.stdin:
    print(json.dumps(eval(line)), flush=True)
net.stop()
