// SimGrid as a peer: flows that share a fat tree, and the making of a large network.
//   simgrid flows exact|coarse K N   N flows of the reference list on a k-ary fat tree
//   simgrid construct N               N nodes, half of them hosts, with 1.5 N links; no routes
// exact computes every completion by itself; coarse is the time step of 10 us that SimGrid had as its
// default for long: it merges close events and is wrong by up to tens of percent.
#include <simgrid/kernel/routing/NetPoint.hpp>
#include <simgrid/kernel/routing/NetZoneImpl.hpp>
#include <simgrid/s4u.hpp>
#include <unistd.h>
#include <xbt/log.h>

#include "workload.hpp"
namespace sg4 = simgrid::s4u;
namespace routing = simgrid::kernel::routing;

namespace {

// Paths answers for the route of the flow that is being started.
struct Paths : routing::NetZoneImpl {
  const FatTree& tree;
  const std::vector<Flow>& flows;
  std::vector<simgrid::kernel::resource::StandardLinkImpl*> links;
  uint32_t current = 0;
  Paths(const FatTree& t, const std::vector<Flow>& f) : NetZoneImpl("net"), tree(t), flows(f) {}
  void get_local_route(const routing::NetPoint*, const routing::NetPoint*, routing::Route* into, double*) override {
    for (uint32_t l : tree.route(current, flows[current].from, flows[current].to)) into->link_list_.push_back(links[l]);
  }
};

int flows(sg4::Engine& engine, const std::string& mode, uint32_t k, uint32_t n) {
  // Max-min sharing of the capacities as they are, without a model of TCP.
  for (const char* c : {"network/model:CM02", "network/crosstraffic:0", "network/TCP-gamma:0", "network/bandwidth-factor:1",
                        "network/latency-factor:1", "network/weight-S:0", "network/loopback-bw:1e18", "maxmin/precision:1e-5"})
    sg4::Engine::set_config(c);
  sg4::Engine::set_config(std::string("surf/precision:") + (mode == "exact" ? "1e-12" : "1e-5"));
  FatTree tree(k);
  auto list = poissonFlows(tree, n, 20261121);
  auto* paths = new Paths(tree, list);
  auto* zone = paths->get_iface();
  std::vector<sg4::Host*> hosts;
  for (uint32_t h = 0; h < tree.hosts; h++) hosts.push_back(zone->create_host("h" + std::to_string(h), 1e9));
  for (uint32_t l = 0; l < 6 * tree.hosts; l++) {
    auto* link = zone->create_link("l" + std::to_string(l), 125e6);
    link->seal();
    paths->links.push_back(link->get_impl());
  }
  zone->seal();
  sg4::Actor::create("driver", hosts[0], [&] {
    std::vector<sg4::CommPtr> running(list.size());
    for (uint32_t i = 0; i < list.size(); i++) {
      if (list[i].start > sg4::Engine::get_clock()) sg4::this_actor::sleep_until(list[i].start);
      paths->current = i;
      running[i] = sg4::Comm::sendto_init(hosts[list[i].from], hosts[list[i].to]);
      running[i]->set_payload_size(uint64_t(list[i].size));
      running[i]->start();
    }
    for (auto& c : running) c->wait();
  });
  Stopwatch watch;
  engine.run();
  const double seconds = watch.seconds();
  report("FatTree/k=" + std::to_string(k) + "/flows=" + std::to_string(n) + "/peer=simgrid-" + mode,
         {{"ns/op", seconds * 1e9}, {"flows/s", n / seconds}, {"last-s", sg4::Engine::get_clock()}});
  return 0;
}

int construct(uint32_t n) {
  auto links = meshLinks(n);
  const long before = peakKiB();
  Stopwatch watch;
  auto* zone = sg4::create_empty_zone("net");
  for (uint32_t i = 0; i < n; i++) {
    auto name = "n" + std::to_string(i);
    if (i < n / 2) zone->create_router(name);
    else zone->create_host(name, 1e9)->seal();
  }
  for (uint32_t i = 0; i < links.size(); i++)
    for (const char* way : {"u", "d"}) zone->create_link(way + std::to_string(i), 125e6)->set_latency(1e-5)->seal();
  zone->seal();
  const double seconds = watch.seconds();
  report("ConstructLarge/nodes=" + std::to_string(n) + "/peer=simgrid", {{"ns/op", seconds * 1e9}, {"bytes/node", (peakKiB() - before) * 1024.0 / n}});
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  sg4::Engine engine(&argc, argv);
  xbt_log_control_set("root.thresh:warning");
  int code = 2;
  if (argc == 5 && !strcmp(argv[1], "flows")) code = flows(engine, argv[2], atoi(argv[3]), atoi(argv[4]));
  else if (argc == 3 && !strcmp(argv[1], "construct")) code = construct(atoi(argv[2]));
  else return usage(argv[0], "flows exact|coarse K N | construct N");
  _exit(code); // taking everything down is not measured
}
