# A network as other people write them: Mininet's own topologies, with a remote controller.
# Expressions come on stdin, a line each; their values go to stdout, as JSON.
import json, sys
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
    return [[a.name, b.name] for a in hosts for b in net.hosts if a != b and ' 0% packet loss' not in a.cmd('ping -c1 -W2 ' + b.IP())]


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


print(json.dumps('ready'), flush=True)
for line in sys.stdin:
    print(json.dumps(eval(line)), flush=True)
net.stop()
