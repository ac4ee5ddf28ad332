#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "bench/process.hpp"

namespace nslaunch::bench {

/// A directory for one execution of the benchmark, gone with it.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  /// An empty directory with mode 0700, the account's own.
  std::filesystem::path fresh_directory(const std::string& name, const std::optional<Account>& owner) const;

 private:
  std::filesystem::path path_;
};

/// As whom a scenario is run: as the benchmark's own user, or as another one.
struct Role {
  std::string title;
  std::optional<Account> account;
};

/// What the command line chose.
struct Setup {
  std::string self;  ///< this program, which is also the forest
  std::string floor;
  std::string nslaunch;
  std::size_t rounds = 0;  ///< 0: as many as the scenario likes
  std::size_t shards = 0;  ///< 0: as many as the scenario likes
  std::vector<Role> roles;

  std::size_t rounds_or(std::size_t usual) const { return rounds != 0 ? rounds : usual; }
  std::size_t shards_or(std::size_t usual) const { return shards != 0 ? shards : usual; }
};

/// Reads the options behind the scenario's name; throws std::invalid_argument.
Setup read_options(const std::vector<std::string>& words);

/// From here on nslaunch keeps its records in an empty directory of the role's own.
void use_fresh_registry(const Scratch& scratch, const Role& role);

}  // namespace nslaunch::bench
