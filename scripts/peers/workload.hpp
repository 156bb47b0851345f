// What the peers have in common with our own benchmarks: the numbering of a fat tree, the
// random numbers, the lists of flows, and how figures are printed.
#pragma once
#include <cmath>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

// Stopwatch runs from its making.
class Stopwatch {
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();

public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); }
};

// VmHWM of this process in KiB.
inline long peakKiB() {
  long kib = 0;
  if (FILE* f = fopen("/proc/self/status", "r")) {
    char line[256];
    while (fgets(line, sizeof line, f))
      if (sscanf(line, "VmHWM: %ld", &kib) == 1) break;
    fclose(f);
  }
  return kib;
}

// report prints one line in the form of benchjson.
inline void report(const std::string& bench, const std::vector<std::pair<const char*, double>>& figures) {
  printf("{\"bench\":\"%s\",\"figures\":{", bench.c_str());
  for (auto& f : figures) printf("\"%s\":%.9g,", f.first, f.second);
  printf("\"peak-MiB\":%.1f}}\n", peakKiB() / 1024.0);
  fflush(stdout);
}

// SplitMix is the splitmix64 generator (Steele, Lea, Flood 2014).
struct SplitMix {
  uint64_t state;
  uint64_t next() {
    uint64_t z = state += 0x9E3779B97F4A7C15ull;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ z >> 27) * 0x94D049BB133111EBull;
    return z ^ z >> 31;
  }
  double unit() { return double(next() >> 11) * 0x1p-53; }
  uint32_t below(uint32_t n) { return uint32_t(next() % n); }
};

// derangement: Fisher and Yates, then whoever kept its place swaps with its right neighbour.
inline std::vector<uint32_t> derangement(uint32_t n, uint64_t seed) {
  std::vector<uint32_t> p(n);
  std::iota(p.begin(), p.end(), 0u);
  SplitMix r{seed};
  for (uint32_t i = n - 1; i > 0; i--) std::swap(p[i], p[r.below(i + 1)]);
  for (uint32_t i = 0; i < n; i++)
    if (p[i] == i) std::swap(p[i], p[(i + 1) % n]);
  return p;
}

// FatTree is the k-ary fat tree with m = k/2. Host h hangs off edge switch h/m of pod h/m/m. A
// flow's number picks its way up: digit 0 in base m the aggregation switch, digit 1 the core
// switch (core a*m+c is linked to aggregation switch a of every pod); the way down is forced.
struct FatTree {
  uint32_t k, m, hosts, edges, cores; // as many aggregation switches as edge switches
  explicit FatTree(uint32_t k) : k(k), m(k / 2), hosts(k * k * k / 4), edges(k * k / 2), cores(k * k / 4) {}

  // route lists directed links, numbered in six blocks of `hosts`: host to edge, edge to
  // aggregation, aggregation to core, and the three ways down.
  std::vector<uint32_t> route(uint32_t id, uint32_t from, uint32_t to) const {
    std::vector<uint32_t> links{from};
    uint32_t up = from / m, down = to / m;
    if (up != down) {
      uint32_t a = id % m, c = id / m % m, pod = up / m, toPod = down / m;
      links.push_back(hosts + up * m + a);
      if (pod != toPod) {
        links.push_back(2 * hosts + (pod * m + a) * m + c);
        links.push_back(3 * hosts + (a * m + c) * k + toPod);
      }
      links.push_back(4 * hosts + (toPod * m + a) * m + down % m);
    }
    links.push_back(5 * hosts + to);
    return links;
  }
};

// Flow is one line of a list.
struct Flow {
  uint32_t from, to;
  double start, size; // s, bytes
};

// poissonFlows draws flows between hosts with 1 Gbit/s links: Poisson arrivals at half the
// hosts' rate, uniform pairs, sizes bounded Pareto (1.2) from 10 kB to 100 MB.
inline std::vector<Flow> poissonFlows(const FatTree& tree, uint32_t n, uint64_t seed) {
  const double alpha = 1.2, low = 1e4, high = 1e8, nic = 125e6, load = 0.5;
  const double cut = 1 - std::pow(low / high, alpha);
  const double mean = alpha / (alpha - 1) * std::pow(low, alpha) / cut * (std::pow(low, 1 - alpha) - std::pow(high, 1 - alpha));
  const double perSecond = load * tree.hosts * nic / mean;
  SplitMix r{seed};
  double now = 0;
  std::vector<Flow> flows(n);
  for (auto& f : flows) {
    now += -std::log(1 - r.unit()) / perSecond;
    f.from = r.below(tree.hosts), f.to = r.below(tree.hosts - 1);
    if (f.to >= f.from) f.to++;
    f.size = std::floor(low * std::pow(1 - r.unit() * cut, -1 / alpha));
    f.start = std::round(now * 1e7) / 1e7;
  }
  return flows;
}

// meshLinks gives the links of the construction benchmark: n nodes, the second half hosts.
inline std::vector<std::pair<uint32_t, uint32_t>> meshLinks(uint32_t n) {
  std::vector<std::pair<uint32_t, uint32_t>> links;
  for (uint32_t i = 0, half = n / 2; i < half; i++) {
    links.push_back({i, half + i});
    links.push_back({i, (i + 1) % half});
    links.push_back({i, uint32_t((uint64_t(i) * 7 + 3) % half) ^ 1});
  }
  return links;
}

inline int usage(const char* program, const char* commands) {
  fprintf(stderr, "usage: %s %s\n", program, commands);
  return 2;
}
