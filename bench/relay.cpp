#include <poll.h>

#include <stdexcept>
#include <utility>

#include "bench/race.hpp"
#include "bench/scenarios.hpp"
#include "bench/stream.hpp"
#include "bench/tree.hpp"

namespace nslaunch::bench {
namespace {

constexpr std::size_t kRounds = 10;
constexpr std::uint64_t kBytes = 1ULL << 30;
constexpr std::size_t kNslaunch = 1;  // among the routes
constexpr double kPatienceMs = 10'000;
constexpr int kTickMs = 100;

/// A server and what leads to it, or the latter alone.
struct Route {
  std::string name;
  Program program;
  std::uint16_t port;  ///< where clients knock
  std::string skipped;
};

class RouteUnderWay {
 public:
  explicit RouteUnderWay(const Route& route) : port_(route.port), child_(spawn(route.program)) {
    try {
      wait_until_reached();
    } catch (...) {
      kill_tree(child_.pid());
      throw;
    }
  }
  RouteUnderWay(const RouteUnderWay&) = delete;
  RouteUnderWay& operator=(const RouteUnderWay&) = delete;
  RouteUnderWay(RouteUnderWay&&) = default;
  RouteUnderWay& operator=(RouteUnderWay&&) = delete;
  ~RouteUnderWay() {
    if (child_.pid() > 0) kill_tree(child_.pid());
  }

  double time_to_move(Direction direction) const {
    const auto start = Clock::now();
    move_bytes(port_, direction, kBytes);
    return elapsed_ms(start);
  }

 private:
  void wait_until_reached() const {
    for (const auto start = Clock::now(); elapsed_ms(start) < kPatienceMs;) {
      try {
        return move_bytes(port_, Direction::kFromServer, 1);
      } catch (const std::runtime_error&) {
        poll(nullptr, 0, kTickMs);
      }
    }
    throw std::runtime_error("its server was not reached");
  }

  std::uint16_t port_;
  Child child_;
};

/// The first one is on its own, and the server that socat leads to.
std::vector<Route> all_routes(const Setup& setup, const Role& role) {
  const auto inner = free_port();
  const auto port_inside = std::to_string(inner);
  const auto program = [&](std::vector<std::string> argv, bool with_server) {
    if (with_server) argv.insert(argv.end(), {setup.self, "serve", port_inside});
    return Program{std::move(argv), role.account};
  };
  std::vector<Route> routes{{"no relay", program({}, true), inner, ""}};

  auto port = free_port();
  const auto published = std::to_string(port) + ":" + port_inside;
  routes.push_back({"nslaunch", program({setup.nslaunch, "--publish", published, "--"}, true), port, ""});

  const auto socat = find_program("socat");
  for (const std::string buffer : {"8192", "1048576"}) {
    port = free_port();
    const auto listen = "TCP-LISTEN:" + std::to_string(port) + ",bind=127.0.0.1,reuseaddr,fork";
    routes.push_back(
        {"socat -b " + buffer,
         program({socat.value_or("socat"), "-b", buffer, listen, "TCP:127.0.0.1:" + port_inside}, false),
         port, socat ? "" : "not installed"});
  }

  port = free_port();
  const auto pasta = find_program("pasta");
  const auto forwarded = "127.0.0.1/" + std::to_string(port) + ":" + port_inside;
  routes.push_back(
      {"pasta",
       program({pasta.value_or("pasta"), "--foreground", "--quiet", "-t", forwarded, "-u", "none", "--"},
               true),
       port, pasta ? "" : "not installed"});
  return routes;
}

/// Those that can be reached, in their order; the others get their reason.
std::vector<RouteUnderWay> start(std::vector<Route>& routes) {
  std::vector<RouteUnderWay> under_way;
  for (auto& route : routes) {
    if (!route.skipped.empty()) continue;
    try {
      under_way.emplace_back(route);
    } catch (const std::runtime_error& error) {
      route.skipped = error.what();
    }
  }
  return under_way;
}

Samples mib_a_second(const Samples& milliseconds) {
  Samples rates;
  for (const auto time : milliseconds) rates.push_back(static_cast<double>(kBytes >> 20) * 1000 / time);
  return rates;
}

void measure(const Setup& setup, const Role& role) {
  const Scratch scratch;
  use_fresh_registry(scratch, role);
  const auto rounds = setup.rounds_or(kRounds);
  print_heading("1 GiB to a server, and 1 GiB from it, through a relay, " + role.title + ", " +
                    std::to_string(rounds) + " rounds",
                {"relay", "MiB/s to the server (middle half)", "× nslaunch's", "MiB/s from it (middle half)",
                 "× nslaunch's"});
  auto routes = all_routes(setup, role);
  const auto under_way = start(routes);
  std::vector<Lane<double>> lanes;
  for (const auto direction : {Direction::kToServer, Direction::kFromServer})
    for (const auto& route : under_way)
      lanes.push_back([&route, direction] { return route.time_to_move(direction); });
  const auto times = race(lanes, rounds);

  std::size_t row = 0;
  for (const auto& route : routes) {
    if (!route.skipped.empty()) continue;
    std::vector<std::string> cells{route.name};
    for (const auto way : {row, row + under_way.size()}) {
      const auto reference = way - row + kNslaunch;
      cells.push_back(median_and_half(mib_a_second(times[way]), 0));
      cells.push_back(number(ratio(times[reference], times[way]), 2));
    }
    print_row(cells);
    ++row;
  }
  for (const auto& route : routes)
    if (!route.skipped.empty()) print_row({route.name, "skipped: " + route.skipped, "–", "–", "–"});
}

}  // namespace

void measure_relay(const Setup& setup) {
  for (const auto& role : setup.roles) measure(setup, role);
}

}  // namespace nslaunch::bench
