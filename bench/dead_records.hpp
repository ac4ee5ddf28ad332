#pragma once

#include <filesystem>
#include <string>

#include "bench/contestants.hpp"
#include "bench/setup.hpp"

namespace nslaunch::bench {

/// A registry directory full of records whose launchers are gone: copies of a real shard's one,
/// taken while it lived, under other ids.
class DeadRecords {
 public:
  DeadRecords(const Setup& setup, const Role& role, const Contestant& nslaunch, const Scratch& scratch);

  /// Writes those of the first `count` records that are missing.
  void fill(std::size_t count) const;
  std::size_t count() const;

 private:
  void take_sample(const std::filesystem::path& file);

  std::optional<Account> owner_;
  std::filesystem::path directory_;
  std::string file_name_;
  std::string id_;
  std::string text_;
};

}  // namespace nslaunch::bench
