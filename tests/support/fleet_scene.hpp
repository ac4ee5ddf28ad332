#pragma once

#include <map>
#include <string>

#include "support/process.hpp"
#include "support/registry_view.hpp"
#include "support/temp_dir.hpp"
#include "sys/base/fd.hpp"

namespace nslaunch::test {

/// A FIFO at which shards and a test wait for each other.
class Gate {
 public:
  explicit Gate(const std::string& path);

  /// The next line that a shard tells. Throws after kPatience.
  std::string told();
  /// Lets so many go on that await it.
  void open(int count) const;

 private:
  sys::Fd fifo_;
};

/// Runs of several shards of the fake test command, with a registry and a working directory of their own,
/// which the shards see.
class FleetScene {
 public:
  StartOptions options() const;
  /// nslaunch run OPTIONS -- fake-test SCRIPTS; a shard for each script, unless the options tell otherwise.
  Words words(Words options, const Words& scripts) const;
  Result run(Words options, const Words& scripts) const;
  /// The same and not waited for.
  Process start(Words options, const Words& scripts) const {
    return Process(words(std::move(options), scripts), this->options());
  }

  const RegistryView& registry() const noexcept { return registry_; }
  const std::string& directory() const noexcept { return directory_.path(); }
  /// A FIFO of that name in the working directory.
  Gate gate(const std::string& name) const { return Gate(directory_ / name); }
  /// Where the registry lists a shard of this name: its id; else empty.
  std::string id_of(const std::string& name) const;

 private:
  RegistryView registry_;
  TempDir directory_;
};

/// A file's, or words that it can't be read.
std::string contents(const std::string& path);
/// The one entry of a directory; fails the test where it has another number of them.
std::string only_directory_in(const std::string& directory);

/// From nslaunch's lines, by the names of the shards: the status word of each end, the last one's where there
/// were several.
std::map<std::string, std::string> statuses_in(const std::string& err);
/// nslaunch's last line: the counts, the times.
std::string last_line_of(const std::string& err);

}  // namespace nslaunch::test
