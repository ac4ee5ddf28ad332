#pragma once

#include <filesystem>
#include <set>
#include <string>

#include "support/host_folder.hpp"
#include "support/registry_view.hpp"
#include "support/write_file.hpp"

namespace nslaunch::test {

/// The paths below `folder`, relative to it.
inline std::set<std::string> names_below(const std::string& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    names.insert(std::filesystem::relative(entry.path(), folder));
  }
  return names;
}

inline std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A folder with files, under a name that is awkward in a list of options, for --overlay.
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

  RegistryView registry;
  HostFolder folder;
  std::string path = folder / "check, out: of\\ a=b";
};

}  // namespace nslaunch::test
