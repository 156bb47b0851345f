// ns-3 as a peer: packets through a fat tree, and the making of a large network.
//   ns3 packets raw|ip K   every host of a k-ary fat tree sends 250 Mbit/s to another for 0.1 s
//   ns3 construct N        N nodes, half of them hosts, with 1.5 N links; no IP
#include <ns3/core-module.h>
#include <ns3/internet-module.h>
#include <ns3/network-module.h>
#include <ns3/point-to-point-module.h>
#include <unistd.h>

#include "workload.hpp"
using namespace ns3;

namespace {

using Device = Ptr<PointToPointNetDevice>;

// Network is nodes with their devices in the order of wiring.
struct Network {
  NodeContainer nodes;
  std::vector<std::vector<Device>> ports;
  explicit Network(uint32_t n) : ports(n) { nodes.Create(n); }

  void link(uint32_t a, uint32_t b) {
    static const DataRate rate("1Gbps");
    static const TimeValue delay(MicroSeconds(10));
    auto channel = CreateObject<PointToPointChannel>();
    channel->SetAttribute("Delay", delay);
    for (uint32_t n : {a, b}) {
      auto device = CreateObject<PointToPointNetDevice>();
      auto queue = CreateObject<DropTailQueue<Packet>>();
      queue->SetMaxSize(QueueSize(QueueSizeUnit::PACKETS, 100));
      device->SetDataRate(rate);
      device->SetAddress(Mac48Address::Allocate());
      device->SetQueue(queue);
      nodes.Get(n)->AddDevice(device);
      device->Attach(channel);
      ports[n].push_back(device);
    }
  }
};

constexpr uint32_t wire = 1000; // bytes of a packet, with 2 of PPP
const Time gap = NanoSeconds(32000), stop = MilliSeconds(100);

uint64_t hops = 0, received = 0;
void countHop(Ptr<const Packet>) { hops++; }

// Nodes are numbered hosts, edge, aggregation, core switches; links wired in that order, so
// that switches below the core have their m ports down first.
Network build(const FatTree& t) {
  Network net(t.hosts + 2 * t.edges + t.cores);
  const uint32_t edge = t.hosts, aggregation = edge + t.edges, core = aggregation + t.edges;
  for (uint32_t h = 0; h < t.hosts; h++) net.link(h, edge + h / t.m);
  for (uint32_t e = 0; e < t.edges; e++)
    for (uint32_t a = 0; a < t.m; a++) net.link(edge + e, aggregation + e / t.m * t.m + a);
  for (uint32_t a = 0; a < t.edges; a++)
    for (uint32_t c = 0; c < t.m; c++) net.link(aggregation + a, core + a % t.m * t.m + c);
  return net;
}

uint32_t portFor(const FatTree& t, uint32_t node, uint32_t id, uint32_t to) {
  if (node < t.hosts) return 0;
  if ((node -= t.hosts) < t.edges) return to / t.m == node ? to % t.m : t.m + id % t.m;
  if ((node -= t.edges) < t.edges) return to / t.m / t.m == node / t.m ? to / t.m % t.m : t.m + id / t.m % t.m;
  return to / t.m / t.m;
}

// The leanest thing that can be made of ns-3's parts: no IP; a callback per node forwards by
// arithmetic, and packets carry their flow and destination in their first bytes.
struct Raw {
  const FatTree& tree;
  Network& net;
  uint32_t node, peer;

  bool receive(Ptr<NetDevice>, Ptr<const Packet> p, uint16_t, const Address&) {
    hops++;
    uint32_t header[2];
    p->CopyData(reinterpret_cast<uint8_t*>(header), sizeof header);
    if (node < tree.hosts) {
      received++;
      return true;
    }
    auto& out = net.ports[node][portFor(tree, node, header[0], header[1])];
    out->Send(p->Copy(), out->GetBroadcast(), 0x800);
    return true;
  }
  void send() {
    uint32_t header[2] = {node, peer};
    auto p = Create<Packet>(reinterpret_cast<uint8_t*>(header), sizeof header);
    p->AddPaddingAtEnd(wire - 2 - sizeof header);
    auto& out = net.ports[node][0];
    out->Send(p, out->GetBroadcast(), 0x800);
    if (Simulator::Now() + gap < stop) Simulator::Schedule(gap, &Raw::send, this);
  }
};

// What users write: UDP over IPv4 with global routing.
struct Udp {
  Ptr<Socket> socket;
  void send() {
    socket->Send(Create<Packet>(wire - 2 - 20 - 8));
    if (Simulator::Now() + gap < stop) Simulator::Schedule(gap, &Udp::send, this);
  }
};
void drain(Ptr<Socket> s) {
  while (s->Recv()) received++;
}

void startIP(Network& net, const FatTree& t, const std::vector<uint32_t>& peer, std::vector<Udp>& sources) {
  InternetStackHelper stack;
  stack.SetIpv6StackInstall(false);
  stack.Install(net.nodes);
  Ipv4AddressHelper addresses("10.0.0.0", "255.255.255.252");
  for (auto& ports : net.ports)
    for (auto& d : ports) {
      d->TraceConnectWithoutContext("PhyRxEnd", MakeCallback(&countHop));
      if (d->GetChannel()->GetDevice(0) == Ptr<NetDevice>(d)) {
        addresses.Assign(NetDeviceContainer(d->GetChannel()->GetDevice(0), d->GetChannel()->GetDevice(1)));
        addresses.NewNetwork();
      }
    }
  Ipv4GlobalRoutingHelper::PopulateRoutingTables();
  for (uint32_t h = 0; h < t.hosts; h++) {
    auto sink = Socket::CreateSocket(net.nodes.Get(h), UdpSocketFactory::GetTypeId());
    sink->Bind(InetSocketAddress(Ipv4Address::GetAny(), 9));
    sink->SetRecvCallback(MakeCallback(&drain));
    auto address = net.nodes.Get(peer[h])->GetObject<Ipv4>()->GetAddress(1, 0).GetLocal();
    sources[h].socket = Socket::CreateSocket(net.nodes.Get(h), UdpSocketFactory::GetTypeId());
    sources[h].socket->Bind();
    sources[h].socket->Connect(InetSocketAddress(address, 9));
    Simulator::ScheduleWithContext(h, NanoSeconds(97 * h), &Udp::send, &sources[h]);
  }
}

int packets(const std::string& mode, uint32_t k) {
  FatTree tree(k);
  auto net = build(tree);
  auto peer = derangement(tree.hosts, 7);
  std::vector<Raw> raw;
  std::vector<Udp> udp(tree.hosts);
  if (mode == "ip") {
    startIP(net, tree, peer, udp);
  } else {
    for (uint32_t n = 0; n < net.ports.size(); n++) raw.push_back({tree, net, n, n < tree.hosts ? peer[n] : 0});
    for (auto& r : raw) {
      for (auto& d : net.ports[r.node]) d->SetReceiveCallback(MakeCallback(&Raw::receive, &r));
      if (r.node < tree.hosts) Simulator::Schedule(NanoSeconds(97 * r.node), &Raw::send, &r);
    }
  }
  Stopwatch watch;
  Simulator::Run();
  report("PacketHops/k=" + std::to_string(k) + "/peer=ns-3-" + mode, {{"hops/s", hops / watch.seconds()}, {"received", double(received)}});
  return 0;
}

int construct(uint32_t n) {
  auto links = meshLinks(n);
  const long before = peakKiB();
  Stopwatch watch;
  Network net(n);
  for (auto& l : links) net.link(l.first, l.second);
  const double seconds = watch.seconds();
  report("ConstructLarge/nodes=" + std::to_string(n) + "/peer=ns-3", {{"ns/op", seconds * 1e9}, {"bytes/node", (peakKiB() - before) * 1024.0 / n}});
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  int code = 2;
  if (argc == 4 && !strcmp(argv[1], "packets")) code = packets(argv[2], atoi(argv[3]));
  else if (argc == 3 && !strcmp(argv[1], "construct")) code = construct(atoi(argv[2]));
  else return usage(argv[0], "packets raw|ip K | construct N");
  _exit(code); // taking everything down is not measured
}
