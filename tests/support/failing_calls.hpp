#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "support/call_tracer.hpp"
#include "support/registry_view.hpp"
#include "support/temp_dir.hpp"
#include "sys/base/fd.hpp"

namespace nslaunch::test {

/// Something that nslaunch does, to be done again and again with one of its system calls failing.
struct Deed {
  Deed();

  RegistryView registry;
  TempDir temporary;                 ///< its TMPDIR
  std::string mark = unique_text();  ///< in the command line of all that it starts
  sys::Fd host_listener;             ///< on the host's 127.0.0.1, which no shard may reach

  Words words;
  /// Makes what it needs, each time.
  std::function<void()> before = [] {};
  /// Runs beside it, in a thread. Returns what is wrong about what it has seen; empty: nothing.
  std::function<std::string(const CallTracer&)> beside;
  /// Calls whose failures are waited out however long they last, as a lack of descriptors is.
  std::set<std::string> waited_out;
  /// What is wrong about an end without a failure of nslaunch's; empty: nothing.
  std::function<std::string(const Traced&)> wrong;

  StartOptions options() const;
  /// A command that looks whether it is apart from the host (probe_apart.hpp).
  Words look_around() const;
};

/// What is wrong where it is not what `look_around()` says of so many shards; empty: nothing.
std::string not_apart(const Traced& traced, int shards, int status);

/// Does it with each call failing. Fails the test where a promise is broken: it ends within a bound, by the
/// deed done in full or by 125 with a sentence, and after a `nslaunch reap` nothing is left. Of each call the
/// first in each process fails, once, with the likeliest error. With NSLAUNCH_CHAOS_ALL in the environment it
/// is every one, with each error, once and with all later ones; with NSLAUNCH_CHAOS_FAULT only what a line of
/// an earlier run begins with.
void try_with_failing_calls(Deed& deed);

}  // namespace nslaunch::test
