#include "support/fleet_scene.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <regex>
#include <sstream>
#include <stdexcept>

#include "support/identity.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::test {

Gate::Gate(const std::string& path) {
  sys::check(::mkfifo(path.c_str(), 0600), "making {}", path);
  fifo_ = sys::open_file(path, O_RDWR);  // so that nobody waits for the other side
}

std::string Gate::told() {
  std::string line;
  for (char letter = 0; letter != '\n';) {
    pollfd watched = {fifo_.get(), POLLIN, 0};
    constexpr auto kLimit = std::chrono::milliseconds(kPatience).count();
    if (::poll(&watched, 1, static_cast<int>(kLimit)) != 1 || ::read(fifo_.get(), &letter, 1) != 1)
      throw std::runtime_error("no shard has told anything");
    line += letter;
  }
  line.pop_back();
  return line;
}

void Gate::open(int count) const {
  sys::write_all(fifo_.get(), std::string(static_cast<std::size_t>(count), '\n'));
}

StartOptions FleetScene::options() const {
  auto options = registry_.options();
  options.directory = directory_.path();
  return options;
}

Words FleetScene::words(Words options, const Words& scripts) const {
  const auto makes_fleet = [](const std::string& word) { return word == "--shards" || word == "--each"; };
  if (std::none_of(options.begin(), options.end(), makes_fleet))
    options.insert(options.begin(), {"--shards", std::to_string(scripts.size())});
  options.insert(options.begin(), "run");
  options.insert(options.end(), {"--", fake_test()});
  options.insert(options.end(), scripts.begin(), scripts.end());
  return nslaunch(std::move(options));
}

Result FleetScene::run(Words options, const Words& scripts) const {
  return test::run(words(std::move(options), scripts), this->options());
}

std::string FleetScene::id_of(const std::string& name) const {
  for (const auto& shard : registry_.shards()) {
    if (shard.at("name") == name && shard.at("state") == "running") return shard.at("id");
  }
  return {};
}

std::string contents(const std::string& path) {
  return sys::read_file(path.c_str(), 64 << 20).value_or("(no " + path + ")");
}

std::string only_directory_in(const std::string& directory) {
  Words found;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) found.push_back(entry.path());
  REQUIRE(found.size() == 1);
  return found.front();
}

std::map<std::string, std::string> statuses_in(const std::string& err) {
  static const std::regex kEnd(
      "nslaunch: (PASS|FAIL|LEAK|FLAKY|SLOW|TIMEOUT|KILLED|CANCELLED|ERROR) ([^ ,:]+)([,:]| ).*");
  std::map<std::string, std::string> statuses;
  std::istringstream lines(err);
  std::smatch match;
  for (std::string line; std::getline(lines, line);) {
    if (std::regex_match(line, match, kEnd)) statuses[match[2]] = match[1];
  }
  return statuses;
}

std::string last_line_of(const std::string& err) {
  const auto end = err.find_last_not_of('\n');
  const auto start = err.rfind('\n', end);
  return err.substr(start == std::string::npos ? 0 : start + 1, end - start);
}

}  // namespace nslaunch::test
