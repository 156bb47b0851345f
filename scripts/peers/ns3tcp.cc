// ns-3 as a peer: TCP over one bottleneck. The lines of sim/tcp/testdata/ns3-dumbbells.jsonl come from it.
//   s_i --access-- R1 --bottleneck-- R2 --access-- d_i
// All queues are drop-tail in the devices; with --mark an ECN-marking queue disc stands before the bottleneck. MSS 1448,
// SACK, an acknowledgement per segment, least time-out 200 ms. One JSON line: goodput from --from to --until, or the
// times from SYN to the last byte of transfers of --size.
#include <ns3/applications-module.h>
#include <ns3/core-module.h>
#include <ns3/internet-module.h>
#include <ns3/network-module.h>
#include <ns3/point-to-point-module.h>
#include <ns3/traffic-control-module.h>
using namespace ns3;

namespace {

uint64_t drops, marks, waiting, looks, size;
double stagger = 0.1;
std::vector<uint64_t> got, before;
std::vector<double> done;

void dropped(Ptr<const Packet>) { drops++; }
void discarded(Ptr<const QueueDiscItem>) { drops++; }
void marked(Ptr<const QueueDiscItem>, const char*) { marks++; }
void received(uint32_t i, Ptr<const Packet> p, const Address&) {
  got[i] += p->GetSize();
  if (size && got[i] >= size && done[i] < 0) done[i] = Simulator::Now().GetSeconds() - stagger * i;
}
void look(Ptr<Queue<Packet>> device, Ptr<QueueDisc> disc, Time from) {
  if (Simulator::Now() >= from) waiting += device->GetNPackets() + (disc ? disc->GetNPackets() : 0), looks++;
  Simulator::Schedule(MicroSeconds(disc ? 50 : 1000), &look, device, disc, from);
}

}  // namespace

int main(int argc, char** argv) {
  std::string cc = "TcpNewReno", rate = "100Mbps", delay = "8ms", access = "1Gbps", near = "1ms", far;
  uint32_t n = 1, queue = 100, mark = 0;
  double from = 10, until = 60;
  CommandLine line;
  line.AddValue("cc", "TcpNewReno, TcpCubic or TcpDctcp", cc);
  line.AddValue("n", "flows", n);
  line.AddValue("rate", "of the bottleneck", rate);
  line.AddValue("delay", "of the bottleneck", delay);
  line.AddValue("arate", "of access links", access);
  line.AddValue("adelay", "of access links", near);
  line.AddValue("far", "delay of the last sender's access link", far);
  line.AddValue("queue", "packets", queue);
  line.AddValue("mark", "packets above which it marks", mark);
  line.AddValue("size", "bytes of each transfer, 0: no end", size);
  line.AddValue("stagger", "seconds between starts", stagger);
  line.AddValue("from", "seconds", from);
  line.AddValue("until", "seconds", until);
  line.Parse(argc, argv);

  Config::SetDefault("ns3::TcpL4Protocol::SocketType", TypeIdValue(TypeId::LookupByName("ns3::" + cc)));
  Config::SetDefault("ns3::TcpSocketBase::Sack", BooleanValue(true));
  Config::SetDefault("ns3::TcpSocket::SegmentSize", UintegerValue(1448));
  Config::SetDefault("ns3::TcpSocket::InitialCwnd", UintegerValue(10));
  Config::SetDefault("ns3::TcpSocket::DelAckCount", UintegerValue(1));
  Config::SetDefault("ns3::TcpSocket::SndBufSize", UintegerValue(16 << 20));
  Config::SetDefault("ns3::TcpSocket::RcvBufSize", UintegerValue(16 << 20));
  Config::SetDefault("ns3::TcpSocketBase::MinRto", TimeValue(MilliSeconds(200)));
  if (cc == "TcpDctcp") Config::SetDefault("ns3::TcpSocketBase::UseEcn", StringValue("On"));

  NodeContainer routers, senders, sinks;
  routers.Create(2), senders.Create(n), sinks.Create(n);
  InternetStackHelper().InstallAll();
  TrafficControlHelper control;
  Ipv4AddressHelper ip("10.0.0.0", "255.255.255.252");
  auto wire = [&](Ptr<Node> a, Ptr<Node> b, const std::string& rate, const std::string& delay, uint32_t room) {
    PointToPointHelper p;
    p.SetDeviceAttribute("DataRate", StringValue(rate));
    p.SetChannelAttribute("Delay", StringValue(delay));
    p.SetQueue("ns3::DropTailQueue", "MaxSize", StringValue(std::to_string(room) + "p"));
    return p.Install(a, b);
  };
  auto address = [&](const NetDeviceContainer& c) {
    auto x = ip.Assign(c);
    ip.NewNetwork();
    return x;
  };
  NetDeviceContainer middle = wire(routers.Get(0), routers.Get(1), rate, delay, mark ? 1 : queue);
  auto device = DynamicCast<PointToPointNetDevice>(middle.Get(0))->GetQueue();
  device->TraceConnectWithoutContext("Drop", MakeCallback(&dropped));
  Ptr<QueueDisc> disc;
  if (mark) {
    control.SetRootQueueDisc("ns3::RedQueueDisc", "MinTh", DoubleValue(mark), "MaxTh", DoubleValue(mark), "MaxSize", StringValue(std::to_string(queue) + "p"),
                             "UseEcn", BooleanValue(true), "UseHardDrop", BooleanValue(false), "QW", DoubleValue(1), "Gentle", BooleanValue(false),
                             "LinkBandwidth", StringValue(rate), "LinkDelay", StringValue(delay), "MeanPktSize", UintegerValue(1500));
    disc = control.Install(middle.Get(0)).Get(0);
    disc->TraceConnectWithoutContext("Drop", MakeCallback(&discarded));
    disc->TraceConnectWithoutContext("Mark", MakeCallback(&marked));
  }
  address(middle);  // gives devices without a queue disc one of their own: taken away again
  control.Uninstall(middle.Get(1));
  if (!mark) control.Uninstall(middle.Get(0));

  got.assign(n, 0), done.assign(n, -1);
  for (uint32_t i = 0; i < n; i++) {
    auto up = wire(senders.Get(i), routers.Get(0), access, !far.empty() && i == n - 1 ? far : near, 10000);
    auto down = wire(routers.Get(1), sinks.Get(i), access, near, 10000);
    address(up);
    auto to = address(down);
    control.Uninstall(up), control.Uninstall(down);
    BulkSendHelper bulk("ns3::TcpSocketFactory", InetSocketAddress(to.GetAddress(1), 5000));
    bulk.SetAttribute("MaxBytes", UintegerValue(size));
    bulk.SetAttribute("SendSize", UintegerValue(1448));
    auto source = bulk.Install(senders.Get(i));
    source.Start(Seconds(stagger * i)), source.Stop(Seconds(until));
    auto sink = PacketSinkHelper("ns3::TcpSocketFactory", InetSocketAddress(Ipv4Address::GetAny(), 5000)).Install(sinks.Get(i));
    sink.Get(0)->TraceConnectWithoutContext("Rx", MakeBoundCallback(&received, i));
  }
  routers.Get(0)->GetObject<TrafficControlLayer>()->TraceConnectWithoutContext("TcDrop", MakeCallback(&dropped));
  Ipv4GlobalRoutingHelper::PopulateRoutingTables();
  before = got;
  Simulator::Schedule(Seconds(from), +[] { before = got; });
  Simulator::Schedule(Seconds(0), &look, device, disc, Seconds(from));
  Simulator::Stop(Seconds(until));
  Simulator::Run();

  printf("{\"cc\":\"%s\",\"n\":%u,\"bottleneck\":\"%s\",\"delay\":\"%s\",\"access\":\"%s\",\"access_delay\":\"%s\",\"far\":\"%s\",\"queue\":%u,\"mark\":%u,\"sack\":1,\"delack\":1,\"stagger\":%g,",
         cc.c_str(), n, rate.c_str(), delay.c_str(), access.c_str(), near.c_str(), far.c_str(), queue, mark, stagger);
  auto list = [&](const char* format, auto value) {
    for (uint32_t i = 0; i < n; i++) printf("%s", i ? "," : ""), printf(format, value(i));
  };
  if (size) {
    printf("\"size\":%lu,\"fct_s\":[", (unsigned long)size);
    list("%.6f", [](uint32_t i) { return done[i]; });
    printf("],\"drops\":%lu}\n", (unsigned long)drops);
    return 0;
  }
  double sum = 0, squares = 0;
  printf("\"from_s\":%g,\"until_s\":%g,\"goodput_bps\":[", from, until);
  list("%.0f", [&](uint32_t i) {
    double g = (got[i] - before[i]) * 8.0 / (until - from);
    sum += g, squares += g * g;
    return g;
  });
  printf("],\"total_bps\":%.0f,\"jain\":%.4f,\"drops\":%lu,\"marks\":%lu,\"mean_queue_packets\":%.2f}\n", sum, sum * sum / (n * squares),
         (unsigned long)drops, (unsigned long)marks, looks ? double(waiting) / looks : 0.0);
}
