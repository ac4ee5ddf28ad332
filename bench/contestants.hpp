#pragma once

#include <string>
#include <vector>

#include "bench/setup.hpp"

namespace nslaunch::bench {

/// One way to run a command in namespaces of its own.
struct Contestant {
  std::string name;
  std::vector<std::string> prefix;  ///< goes before the command
  std::string bundle;               ///< for crun, which takes the command from a file instead
  std::string skipped;              ///< why it does not take part; empty if it does
};

/// The floor, nslaunch and what is installed of the others. Each was made to run a command
/// once, in a network namespace of its own; those that could not carry the reason.
std::vector<Contestant> find_contestants(const Setup& setup, const Role& role, const Scratch& scratch);

/// Only those named, in this order.
std::vector<Contestant> find_contestants(const Setup& setup, const Role& role, const Scratch& scratch,
                                         const std::vector<std::string>& names);

/// The command, run by the contestant as the role's user.
Program wrap(const Contestant& contestant, const Role& role, const std::vector<std::string>& command);

/// The path of an executable that has to be there.
std::string require_program(const std::string& name);

}  // namespace nslaunch::bench
