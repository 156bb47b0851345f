

class QuietHost(Host):
    """A host that sends nothing but what the flows ask for.

    Without IPv6; and it answers for its address only on the link that has it, where
    Linux by default lets every interface of a host answer for all its addresses.
    """

    def __init__(self, *args, **params):
        Host.__init__(self, *args, **params)
        self.cmd('for c in all default; do echo 1 > /proc/sys/net/ipv6/conf/$c/disable_ipv6; done; '
                 'echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore')


class Controller(RemoteController):
    """A controller that runs elsewhere; looking whether it listens would be a stray connection."""

    def checkListening(self):
        pass


def say(**line):
    """Prints one line of JSON; standard output carries nothing else."""
    sys.stdout.write(json.dumps(line, sort_keys=True) + '\n')
    sys.stdout.flush()


def works(*argv):
    """Says whether a command succeeds."""
    return subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode == 0


def kernel_can(qdisc):
    """Tries a queueing discipline in a namespace that is thrown away."""
    return works('unshare', '-n', 'tc', 'qdisc', 'add', 'dev', 'lo', 'root', *qdisc.split())


class Shaper:
    """Rates, queues, delays and losses by tc, with what this machine's kernel has."""

    def __init__(self):
        self.limits = {}
        self.warnings = list(WARNINGS)
        self.netem = None

    def limit(self, node, intf, rate=0, packets=100, bytes=0, delay=0.0, jitter=0.0, loss=0.0, mtu=1500):
        """Remembers what a direction of a link is like: what leaves node by intf.

        rate is in bit/s (0: no limit), delay and jitter in ms, loss a share of 1; the
        queue is bounded in packets, or in bytes if that is given.
        """
        self.limits[intf] = dict(node=node, rate=rate, packets=packets, bytes=bytes,
                                 delay=delay, jitter=jitter, loss=loss, mtu=mtu)

    def lines(self, intf):
        """The arguments of tc that shape an interface, from scratch."""
        l = self.limits[intf]
        if (l['delay'] or l['jitter'] or l['loss']) and self.netem is None:
            self.netem = kernel_can('netem delay 1ms')
        netem = ''
        if self.netem:
            # The delay line is part of the same queue: it needs room of its own.
            room = l['packets'] if not l['bytes'] else max(1, l['bytes'] // 1514)
            room += int(l['rate'] * (l['delay'] + l['jitter']) / 8e3 / 64) if l['rate'] else 100000
            if l['delay'] or l['jitter']:
                netem += ' delay %gms' % l['delay'] + (' %gms' % l['jitter'] if l['jitter'] else '')
            if l['loss']:
                netem += ' loss %g%%' % (100 * l['loss'])
            if netem:
                netem = 'netem limit %d' % room + netem
        elif l['delay'] or l['jitter'] or l['loss']:
            asked = [n for n in ('delay', 'jitter', 'loss') if l[n]]
            warning = "the kernel has no netem: links are without the %s asked for" % ' and '.join(asked)
            if warning not in self.warnings:
                self.warnings.append(warning)
        out = []
        if l['rate']:
            queue = netem or ('bfifo limit %d' % l['bytes'] if l['bytes'] else 'pfifo limit %d' % l['packets'])
            out += ['qdisc replace dev %s root handle 1: htb default 1' % intf,
                    'class add dev %s parent 1: classid 1:1 %s' % (intf, self.htb(l)),
                    'qdisc add dev %s parent 1:1 handle 10: %s' % (intf, queue)]
        elif netem:
            out.append('qdisc replace dev %s root handle 10: %s' % (intf, netem))
        return out

    @staticmethod
    def htb(l):
        # The bucket holds two frames. At high rates it holds what passes while the sender
        # or the switch waits for a core, up to 10 ms: what is missed then is missed for good.
        frame = l['mtu'] + 14
        burst = max(2 * frame, int(l['rate'] / 8 * min(0.010, l['rate'] / 2e10)))
        return 'htb rate %dbit ceil %dbit burst %db cburst %db quantum %d' % (
            l['rate'], l['rate'], burst, burst, min(60000, max(frame, l['rate'] // 80000)))


shaper = Shaper()
limit = shaper.limit


def run_in(net, scripts):
    """Runs a shell script in each named node, many at once; returns what was wrong."""
    wrong, running = [], []

    def finish():
        for name, p in running:
            text = p.communicate()[0].decode(errors='replace').strip()
            if p.returncode or text:
                wrong.append('%s: %s' % (name, text or 'exit status %d' % p.returncode))
        running.clear()

    for name, script in scripts:
        node = net[name]
        argv = ['sh', '-c', script]
        if node.inNamespace:
            argv = ['mnexec', '-a', str(node.pid)] + argv
        running.append((name, subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                               stderr=subprocess.STDOUT)))
        if len(running) >= 16:
            finish()
    finish()
    return wrong


def configure(net, only=None):
    """Does to interfaces (all, or those named) what Mininet does not: offloads off, timers long, rates set.

    It runs after the switches have started: Open vSwitch takes away what it finds on a
    port that is new to it.
    """
    scripts, root = [], []
    for node in net.hosts + net.switches:
        text = []
        for intf in node.intfList():
            if intf.name == 'lo' or intf.name == node.name or only is not None and intf.name not in only:
                continue
            if node.inNamespace:
                # A userspace switch sees the frames as they are: unfinished checksums
                # and frames longer than the MTU do not pass it. Neighbours stay known.
                text.append('ethtool -K %s tx off >/dev/null' % intf.name)
                text.append('ethtool -K %s sg off tso off gso off gro off >/dev/null 2>&1' % intf.name)
                neigh = '/proc/sys/net/ipv4/neigh/%s/' % intf.name
                text.append('echo 3600000 > %sbase_reachable_time_ms; echo 86400 > %sgc_stale_time' % (neigh, neigh))
            else:
                text.append('echo 1 > /proc/sys/net/ipv6/conf/%s/disable_ipv6' % intf.name)
            l = shaper.limits.get(intf.name)
            if l is None:
                continue
            if l['mtu'] != 1500:
                text.append('ip link set %s mtu %d' % (intf.name, l['mtu']))
            tc = shaper.lines(intf.name)
            if not node.inNamespace:
                root += tc
            elif tc:
                text.append("tc -batch - <<'END'\n%s\nEND" % '\n'.join(tc))
        if text:
            scripts.append((node.name, '\n'.join(text)))
    wrong = run_in(net, scripts)
    if root:
        p = subprocess.run(['tc', '-batch', '-'], input='\n'.join(root).encode(),
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        text = p.stdout.decode(errors='replace').strip()
        if p.returncode or text:
            wrong.append('tc: %s' % (text or 'exit status %d' % p.returncode))
    return wrong


def set_links(net, ends, up):
    """Takes links up or down, at both ends, so that both switches tell their controller."""
    scripts = []
    for node, intf in ends:
        script = 'ip link set %s %s' % (intf, 'up' if up else 'down')
        if up and net[node].inNamespace and net[node].defaultIntf().name == intf:
            script += ' && ip route replace default dev ' + intf  # it went with the link
        scripts.append((node, script))
    return run_in(net, scripts)


def set_limits(net, changes):
    """Changes rate, delay or loss of directions of links: [interface, {name: value}] each."""
    scripts = []
    for intf, values in changes:
        node = values.pop('node')
        if intf not in shaper.limits:
            limit(node, intf)
        l = shaper.limits[intf]
        before = dict(l)
        l.update(values)
        if before['rate'] and l['rate'] and set(values) == {'rate'}:
            script = 'tc class change dev %s parent 1: classid 1:1 %s' % (intf, shaper.htb(l))
        else:
            script = 'tc qdisc del dev %s root 2>/dev/null' % intf
            for line in shaper.lines(intf):
                script += '\ntc ' + line
            script += '\ntrue' if not shaper.lines(intf) else ''
        scripts.append((node, script))
    return run_in(net, scripts)


def set_switch(net, name, up):
    """Takes a switch from its controller and empties it, or gives it back."""
    if up:
        targets = ['%s:%s:%d' % (c.protocol, c.IP(), c.port) for c in net.controllers]
        return [] if works('ovs-vsctl', 'set-controller', name, *targets) else ['%s: its controller cannot be set' % name]
    wrong = []
    for argv in (['ovs-vsctl', 'del-controller', name],
                 ['ovs-ofctl', '-O', 'OpenFlow13', 'del-flows', name],
                 ['ovs-ofctl', '-O', 'OpenFlow13', 'del-groups', name],
                 ['ovs-ofctl', '-O', 'OpenFlow13', 'del-meters', name]):
        if not works(*argv):
            wrong.append('%s: %s failed' % (name, ' '.join(argv)))
    return wrong


def set_control(net, names, up):
    """Cuts switches off from their controller, with the tables they have, or connects them again.

    They are given an address where nobody listens: one without any empties itself.
    """
    targets = ['%s:%s:%d' % (c.protocol, c.IP(), c.port) for c in net.controllers] if up else ['tcp:127.0.0.1:1']
    argv = ['ovs-vsctl']
    for name in names:
        argv += ['--', 'set-controller', name] + targets
        if up:
            argv += ['--', 'set', 'Controller', name, 'max_backoff=1000']
    return [] if works(*argv) else ['the controller of %s cannot be set' % ', '.join(names)]


def introduce(net):
    """Lets hosts know each other's addresses, as Mininet's --arp, but at once for each host."""
    for h in net.hosts:
        lines = ['neigh replace %s lladdr %s dev %s nud permanent' % (o.IP(), o.MAC(), h.defaultIntf())
                 for o in net.hosts if o is not h and o.intfs and h.intfs]
        h.popen('ip', '-batch', '-', stdin=subprocess.PIPE).communicate('\n'.join(lines).encode())


def start(args):
    """Builds and starts the network."""
    if args.datapath == 'auto':
        args.datapath = 'kernel' if works('ovs-dpctl', 'dump-dps') else 'user'
    if args.serve:
        shaper.warnings.clear()  # they are about runs by hand
        # Mininet would raise limits of the whole machine; only our own matter.
        Mininet.inited = True
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        # The namespace is the run's own: its switches' ports say nothing by themselves.
        for scope in 'all', 'default':
            path = '/proc/sys/net/ipv6/conf/%s/disable_ipv6' % scope
            if os.path.exists(path):
                with open(path, 'w') as f:
                    f.write('1')
    OVSSwitch.setup()
    net = Mininet(build=False, controller=None, host=QuietHost, ipBase='10.0.0.0/8', switch=partial(
        OVSSwitch, datapath=args.datapath, protocols='OpenFlow13,OpenFlow15' if args.serve else 'OpenFlow13', batch=True,
        failMode='standalone' if args.standalone else 'secure'))
    if not args.standalone:
        tls = args.controller.startswith('ssl:')
        host, _, port = args.controller[4 if tls else 0:].rpartition(':')
        net.addController('c0', controller=Controller, ip=host, port=int(port), protocol='ssl' if tls else 'tcp')
    build(net)
    net.build()
    net.start()
    if STATIC_ARP:
        introduce(net)
    return net, configure(net)


class Run:
    """A run by hand: the scenario, the flows and the tests of the model, one after its time."""

    def __init__(self, net):
        self.net, self.begin, self.flows, self.lock = net, time.monotonic(), {}, threading.Lock()

    def popen(self, node, *argv):
        return self.net[node].popen(*argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def ping(self, a, ip, count=1, wait=2):
        out = self.popen(a, 'ping', '-n', '-c', str(count), '-i', '0.2', '-W', str(wait), ip).communicate()[0].decode()
        got = [w for w in out.split(',') if 'received' in w]
        return int(got[0].split()[0]) if got else 0

    def flow(self, f):
        result = dict(id=f['id'], start=round(time.monotonic() - self.begin, 3))
        if f['transport'] == 'icmp':
            sent = f.get('count') or max(1, int(f['duration'] / 0.2))
            got = self.ping(f['src'], f['ip'], sent)
            result.update(sent=sent, received=got, lost=sent - got)
        elif not shutil.which('iperf3'):
            got = self.ping(f['src'], f['ip'])
            result.update(degraded='iperf3 is missing (apt-get install iperf3): only an echo was sent', received=got)
        else:
            server = self.popen(f['dst'], 'iperf3', '-s', '-1', '-p', str(f['port']))
            time.sleep(0.3)
            argv = ['iperf3', '-J', '-c', f['ip'], '-p', str(f['port'])]
            argv += ['-t', '%g' % f['duration']] if f.get('duration') else ['-n', str(f['size'])]
            if f['transport'] == 'udp':
                argv += ['-u', '-b', str(f['rate']), '-l', str(f['payload'])]
            elif f.get('rate'):
                argv += ['-b', str(f['rate'])]
            client = self.popen(f['src'], *argv)
            try:
                out = json.loads(client.communicate()[0] or '{}')
                end = out.get('end', {})
                total = end.get('sum_received') or end.get('sum') or {}
                sent = end.get('sum_sent') or end.get('sum') or {}
                if 'error' in out:
                    result['error'] = out['error']
                seconds = total.get('seconds', 0)
                result.update(bytes=total.get('bytes', 0), rate=total.get('bits_per_second', 0), seconds=seconds,
                              finish=round(result['start'] + seconds, 3), retransmits=sent.get('retransmits', 0))
                if f['transport'] == 'udp':
                    lost, packets = end.get('sum', {}).get('lost_packets', 0), end.get('sum', {}).get('packets', 0)
                    result.update(sent=packets, lost=lost, received=packets - lost)
                    result['rate'] *= (packets - lost) / packets if packets else 0
            except ValueError:
                result['error'] = 'iperf3 gave no result'
            server.terminate()
            server.communicate()
        with self.lock:
            self.flows[f['id']] = result

    def change(self, c):
        if 'control' in c:
            wrong = set_control(self.net, c['control'], c['up'])
        elif 'up' in c:
            wrong = set_links(self.net, c['ends'], c['up'])
        else:
            wrong = set_limits(self.net, [(i, dict(v)) for i, v in c['limits']])
        if 'switch' in c:
            wrong += set_switch(self.net, c['switch'], c['up'])
        shaper.warnings += wrong

    def everything(self):
        happenings = [(f['start'], 1, i, partial(self.flow, f)) for i, f in enumerate(FLOWS)]
        happenings += [(c['at'], 0, i, partial(self.change, c)) for i, c in enumerate(SCENARIO)]
        threads = []
        for at, kind, _, what in sorted(happenings, key=lambda h: h[:3]):
            time.sleep(max(0, self.begin + at - time.monotonic()))
            if kind == 0:
                what()
                continue
            threads.append(threading.Thread(target=what))
            threads[-1].start()
        for t in threads:
            t.join()
        return [self.test(t) for t in TESTS]

    def test(self, t):
        kind = t['kind']
        if kind in ('reachable', 'unreachable'):
            bad = []
            for a in t['src']:
                for b in t['dst']:
                    if a != b and bool(self.ping(a, ADDRESS[b])) != (kind == 'reachable'):
                        bad.append('%s -> %s' % (a, b))
            return dict(name=kind, passed=not bad, measured=', '.join(bad) or 'all as expected')
        f = self.flows.get(t['flow'], {})
        if kind == 'throughput':
            value, ok = f.get('rate', 0), t['min'] <= f.get('rate', 0) <= (t['max'] or float('inf'))
        elif kind == 'loss':
            value = f.get('lost', 0) / f['sent'] if f.get('sent') else None
            ok = value is not None and value <= t['max']
        elif kind == 'completion':
            value = f.get('finish')
            ok = value is not None and 'error' not in f and value <= t['max']
        else:
            return dict(name='%s of %s' % (kind, t['flow']), passed=False, measured='iperf3 does not measure it')
        return dict(name='%s of %s' % (kind, t['flow']), passed=bool(ok), measured=value)


def serve(net, wrong, began):
    """Takes orders by lines of JSON until standard input ends."""
    say(event='ready', seconds=round(time.monotonic() - began, 3), faults=wrong, warnings=shaper.warnings,
        pids={h.name: h.pid for h in net.hosts})
    for line in sys.stdin:
        order = {}
        try:
            order = json.loads(line)
            op, wrong, more = order['op'], [], {}
            if op == 'pid':
                more = dict(pid=net[order['node']].pid)
            elif op == 'start':
                more = dict(pid=net[order['node']].popen(*order['argv'], stdin=subprocess.DEVNULL).pid)
            elif op == 'link':
                wrong = set_links(net, order['ends'], order['up'])
            elif op == 'limit':
                wrong = set_limits(net, order['limits'])
            elif op == 'switch':
                wrong = set_switch(net, order['node'], order['up'])
            elif op == 'control':
                wrong = set_control(net, order['nodes'], order['up'])
            elif op in globals().get('EDITS', {}):
                wrong, more = EDITS[op](net, order['edit'])
            elif op == 'stop':
                say(id=order.get('id'))
                return
            else:
                wrong = ['unknown order %r' % op]
            say(id=order.get('id'), faults=wrong, warnings=shaper.warnings, **more)
        except Exception as e:  # whatever one order does, the next is heard
            say(id=order.get('id') if isinstance(order, dict) else None, faults=['%s: %s' % (type(e).__name__, e)])


def main():
    parser = argparse.ArgumentParser(description='The network %s in Mininet.' % NAME)
    parser.add_argument('--controller', default=CONTROLLER, metavar='[ssl:]HOST:PORT', help='OpenFlow 1.3 controller (%(default)s)')
    parser.add_argument('--datapath', choices=['auto', 'user', 'kernel'], default='auto', help='of Open vSwitch')
    parser.add_argument('--standalone', action='store_true', help='no controller: switches learn (only without loops)')
    parser.add_argument('--cli', action='store_true', help="Mininet's prompt instead of flows and tests")
    parser.add_argument('--serve', action='store_true', help='take orders by lines of JSON on standard input')
    args = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit('Mininet needs root: sudo python3 %s' % sys.argv[0])
    setLogLevel('info' if args.cli else 'error')
    began = time.monotonic()
    net = None
    try:
        net, wrong = start(args)
        if args.serve:
            serve(net, wrong, began)
            return
        shaper.warnings += wrong
        for w in shaper.warnings:
            sys.stderr.write(json.dumps(dict(warning=w)) + '\n')
        if not args.standalone and not net.waitConnected(timeout=30):
            sys.exit('no controller answers at %s: start one, or use --standalone' % args.controller)
        if args.cli:
            CLI(net)
            return
        run = Run(net)
        tests = run.everything()
        say(network=NAME, flows=[run.flows[f['id']] for f in FLOWS], tests=tests, warnings=shaper.warnings,
            passed=all(t['passed'] for t in tests))
        if not all(t['passed'] for t in tests):
            sys.exit(1)
    finally:
        if net is not None:
            net.stop()


if __name__ == '__main__':
    main()
