#pragma once

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <set>
#include <string>

#include "support/host_directory.hpp"
#include "support/process.hpp"
#include "support/registry_view.hpp"
#include "support/write_file.hpp"

namespace nslaunch::test {

/// The paths below `directory`, relative to it.
inline std::set<std::string> names_below(const std::string& directory) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    names.insert(std::filesystem::relative(entry.path(), directory));
  }
  return names;
}

inline std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A directory with files, under a name that is awkward in a list of options, for --overlay.
struct Checkout {
  Checkout() {
    std::filesystem::create_directories(path + "/modules/one");
    std::filesystem::permissions(path, std::filesystem::perms(0751));
    write_file(path + "/file", "outside\n");
    write_file(path + "/odd, name: a\\b", "outside\n");
    write_file(path + "/modules/one/index", "1\n");
  }
  /// Nothing of it has changed.
  bool is_untouched() const {
    return names_below(path) == std::set<std::string>{"file", "modules", "modules/one", "modules/one/index",
                                                      "odd, name: a\\b"} &&
           text_of(path + "/file") == "outside\n" && text_of(path + "/odd, name: a\\b") == "outside\n" &&
           text_of(path + "/modules/one/index") == "1\n";
  }
  StartOptions options() const {
    auto options = registry.options();
    options.directory = path;
    return options;
  }
  Result run_here(const std::string& script, Words words = {}) const {
    return run(in_shard(script, std::move(words)), options());
  }

  /// A launcher that is SIGKILLed while its command has changed the view.
  void be_left_by_a_killed_launcher(Words options) const {
    const auto mark = unique_text();
    Process process(in_shard("echo inside > file; echo up; read line # " + mark, std::move(options)),
                    this->options());
    REQUIRE(process.read_line() == "up");
    process.send_signal(SIGKILL);
    CHECK(process.wait().signal == SIGKILL);
    CHECK(all_gone(mark));
    CHECK(is_untouched());
  }

  RegistryView registry;
  HostDirectory directory;
  std::string path = directory / "check, out: of\\ a=b";
};

}  // namespace nslaunch::test
