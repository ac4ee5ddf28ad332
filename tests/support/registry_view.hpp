#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace nslaunch::test {

/// Gives a file a time of modification long ago.
void make_old(const std::string& path);

/// A registry directory of the test's own (NSLAUNCH_STATE_DIR) and what nslaunch says of it.
class RegistryView {
 public:
  const std::string& path() const noexcept { return directory_.path(); }
  /// NSLAUNCH_STATE_DIR=..., for Words in an environment.
  std::string variable() const { return "NSLAUNCH_STATE_DIR=" + path(); }
  /// StartOptions with that variable.
  StartOptions options() const;

  /// nslaunch with these words and this registry.
  Result ask(Words words) const;
  /// The "shards" of `nslaunch list --json`. Throws where that fails or says anything on stderr.
  nlohmann::json shards() const;
  /// Their ids, as they are listed.
  Words ids() const;
  /// The state of one shard, empty where it is not listed.
  std::string state(const std::string& id) const;
  /// `nslaunch reap`. Throws where it fails.
  void reap() const;
  /// What nslaunch says of options that it must refuse: checks that nothing has run and nothing is left.
  std::string refusal_of(const Words& options) const;
  /// Names in the directory: records, sockets, temporary files, strangers.
  Words files() const;

 private:
  TempDir directory_;
};

}  // namespace nslaunch::test
