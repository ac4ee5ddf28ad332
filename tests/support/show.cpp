#include "support/show.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <regex>

namespace nslaunch::test {
namespace {

StartOptions on_terminal(const FleetScene& scene, const Words& environment) {
  auto options = scene.options();
  options.environment.insert(options.environment.end(), {"TERM=xterm", "CI", "NO_COLOR=1"});
  options.environment.insert(options.environment.end(), environment.begin(), environment.end());
  return options;
}

}  // namespace

Show::Show(const FleetScene& scene, const Words& words, PtySession::Size size, const Words& environment)
    : screen_(size.rows, size.columns), session_(words, on_terminal(scene, environment), size) {}

void Show::await(const std::string& pattern) {
  const std::regex wanted(pattern);
  const bool seen = eventually([&] {
    take();
    const auto lines = screen_.lines();
    return std::any_of(lines.begin(), lines.end(),
                       [&](const std::string& line) { return std::regex_search(line, wanted); });
  });
  INFO(text());
  REQUIRE(seen);
}

void Show::resize(PtySession::Size size) {
  take();
  screen_.resize(size.rows, size.columns);
  session_.resize(size);
}

Result Show::wait() {
  auto ended = session_.wait();
  screen_.write(ended.out.substr(written_));
  return ended;
}

std::string Show::text() const {
  std::string text;
  for (const auto& line : screen_.lines()) text += line + "\n";
  return text;
}

void Show::take() {
  const auto seen = session_.unread();
  screen_.write(seen.substr(written_));
  written_ = seen.size();
}

Words waiting(std::size_t shards) {
  Words scripts;
  for (std::size_t shard = 1; shard <= shards; ++shard)
    scripts.push_back("say word of " + std::to_string(shard) + "; await gate");
  return scripts;
}

}  // namespace nslaunch::test
