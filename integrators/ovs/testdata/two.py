"""Two switches, two hosts: all pings, loss on the last line."""
from functools import partial

from mininet.log import setLogLevel
from mininet.net import Mininet
from mininet.node import OVSSwitch
from mininet.topo import LinearTopo

setLogLevel('error')
net = Mininet(topo=LinearTopo(k=2, n=1), controller=None,
              switch=partial(OVSSwitch, datapath='user', failMode='standalone'))
net.start()
for host in net.hosts:
    host.cmd('ethtool -K %s-eth0 tx off' % host.name)
loss = net.pingAll(timeout=2)
net.stop()
print('loss %g' % loss)
