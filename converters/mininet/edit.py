
def ports_of(links):
    """Both ends of links, one after the other."""
    return [end for link in links for end in link]


def add(net, edit):
    """Makes nodes and links in the living network: the links down, the switches without a controller.

    What it cannot finish it takes away again.
    """
    nodes = [s['name'] for s in edit.get('switches', [])] + edit.get('hosts', [])
    taken = [n for n in nodes if n in net]
    taken += [e['intf'] for e in ports_of(edit.get('links', [])) if e['node'] in net and e['intf'] in net[e['node']].nameToIntf]
    if taken:
        return ['%s is there already' % ', '.join(taken)], {}
    try:
        wrong = make(net, edit)
    except Exception as e:  # whatever it is: nothing of it stays
        wrong = ['%s: %s' % (type(e).__name__, str(e).strip())]
    if wrong:
        return wrong + remove(net, edit)[0], {}
    return [], dict(pids={name: net[name].pid for name in edit.get('hosts', [])})


def make(net, edit):
    """Does what add() promises, up to the first thing that goes wrong."""
    for s in edit.get('switches', []):
        net.addSwitch(s['name'], dpid=s['dpid'])
    for name in edit.get('hosts', []):
        net.addHost(name, ip=None).configDefault(ip=None, mac=None)
    links, ends = edit.get('links', []), ports_of(edit.get('links', []))
    for a, b in links:
        net.addLink(a['node'], b['node'], port1=a['port'], port2=b['port'], intfName1=a['intf'], intfName2=b['intf'],
                    addr1=a['mac'], addr2=b['mac'])
        for end in a, b:
            if end.get('limit'):
                limit(end['node'], end['intf'], **end['limit'])
    for h in edit.get('addresses', []):
        net[h['host']].configDefault(ip=h['net'], mac=h['mac'], defaultRoute='dev ' + h['intf'])
    wrong = set_links(net, [(e['node'], e['intf']) for e in ends], False)
    fresh = {s['name'] for s in edit.get('switches', [])}
    command = ['ovs-vsctl --retry']
    for name in sorted(fresh):
        net[name].batch = True
        net[name].start([])
        command += net[name].commands
        net[name].batch, net[name].commands = False, []
    for e in ends:
        sw = net[e['node']]
        if sw in net.switches and e['node'] not in fresh:
            command.append('-- add-port %s %s%s' % (sw, e['intf'], sw.intfOpts(sw.nameToIntf[e['intf']])))
    if wrong or len(command) > 1 and run(' '.join(command), wrong):
        return wrong
    wrong += wrong_ports(net, [e for e in ends if net[e['node']] in net.switches])
    return wrong or configure(net, {e['intf'] for e in ends})


def run(command, wrong):
    """Runs a command line; adds to wrong what it says when it fails."""
    p = subprocess.run(command, shell=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if p.returncode:
        wrong.append('%s: %s' % (command.split()[0], p.stdout.decode(errors='replace').strip()))
    return wrong


def wrong_ports(net, ends):
    """Says which ports Open vSwitch could not take, or not by their numbers."""
    if not ends:
        return []
    text = subprocess.run(['ovs-vsctl', '--retry', '--format=json', '--columns=name,ofport,error', '--if-exists', 'list', 'Interface'] + [e['intf'] for e in ends],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    rows = {name: (port, error) for name, port, error in json.loads(text or '{"data": []}')['data']}
    wrong = []
    for e in ends:
        port, error = rows.get(e['intf'], (None, 'it is not there'))
        if port != e['port']:
            why = error if error and error != ['set', []] else 'its number is %s and not %s' % (port, e['port'])
            wrong.append('Open vSwitch did not take %s: %s' % (e['intf'], why))
    return wrong


def remove(net, edit):
    """Takes nodes and links away, with every process in the hosts; what is not there is passed over."""
    wrong, hosts = [], [net[h] for h in edit.get('hosts', []) if h in net]
    links = {net[e['node']].nameToIntf[e['intf']].link for e in ports_of(edit.get('links', []))
             if e['node'] in net and e['intf'] in net[e['node']].nameToIntf}
    command = ['ovs-vsctl --retry']
    for e in ports_of(edit.get('links', [])):
        if e['node'] in net and net[e['node']] in net.switches:
            command.append('-- --if-exists del-port %s' % e['intf'])
        shaper.limits.pop(e['intf'], None)
    switches = [net[s['name']] for s in edit.get('switches', []) if s['name'] in net]
    command += ['-- --if-exists del-br %s' % s for s in switches]
    if len(command) > 1:
        run(' '.join(command), wrong)
    for link in sorted(links, key=str):
        net.delLink(link)
    for name, pid in kill_in({h.name: h.pid for h in hosts}):
        wrong.append('%s: process %d does not end' % (name, pid))
    for node in hosts + switches:
        net.delNode(node)
    return wrong, {}


def kill_in(shells):
    """Kills what runs in hosts, their shells apart; returns what has not ended after 5 s."""
    where = {os.stat('/proc/%d/ns/net' % pid).st_ino: name for name, pid in shells.items()}
    until = time.monotonic() + 5
    while True:
        left = []
        for pid in [int(p) for p in os.listdir('/proc') if p.isdigit()] if where else []:
            try:
                name = where.get(os.stat('/proc/%d/ns/net' % pid).st_ino)
                if name and pid != shells[name]:
                    os.kill(pid, 9)
                    left.append((name, pid))
            except OSError:  # it has ended
                pass
        if not left or time.monotonic() > until:
            return left
        time.sleep(0.002)


def tell_hosts(net, edit):
    """Has hosts forget addresses, the fresh ones know all others, and the known ones the fresh.

    Others are known to the fresh ones, and know them already."""
    scripts, wrong = [], []
    gone, fresh, known = edit.get('forget', []), edit.get('fresh', []), edit.get('known', [])
    if gone:
        for h in net.hosts:
            scripts.append((h.name, '\n'.join('ip neigh del %s dev %s 2>/dev/null' % (ip, intf) for ip in gone for intf in h.intfNames()) + '\ntrue'))
        wrong, scripts = run_in(net, scripts), []  # whatever is to be known by such an address is told after that
    for h, others in [(h, fresh) for h in known] + [(h, known + fresh + edit.get('others', [])) for h in fresh]:
        lines = ['neigh replace %s lladdr %s dev %s nud permanent' % (o['ip'], o['mac'], h['intf']) for o in others if o['host'] != h['host']]
        scripts.append((h['host'], "ip -batch - <<'END'\n%s\nEND" % '\n'.join(lines)))
    return wrong + run_in(net, scripts), {}


EDITS = {'add': add, 'remove': remove, 'introduce': tell_hosts}

