#pragma once

#include <nslaunch/registry.hpp>

#include <string>
#include <string_view>

namespace nslaunch::registry {

/// A record begins with four lines of plain text, all that reaping needs, followed by JSON for
/// display (record.hpp):
///
///   nslaunch 1 R                                          format version, state letter
///   init 412 123 456                                      pid, start, pidfd inode
///   launcher 411 122 455
///   from BOOT_ID PIDNS_INODE                              where those pids are valid
///
/// The state letter is at a fixed offset, so that it is overwritten in place: a full disk can't lose
/// it.
struct Header {
  ShardState state = ShardState::kUnreadable;
  ProcessIdentity launcher;
  ProcessIdentity init;
};

constexpr int kFormat = 1;
constexpr off_t kStateOffset = 11;

/// 0 for a state that is never written to a record.
char state_letter(ShardState state) noexcept;
/// Init's boot and PID namespace are the launcher's.
std::string encode(const Header& header);

enum class Condition { kGood, kDamaged, kNewer };

/// Takes the header off the front of `text`. On kDamaged and kNewer `problem` describes that.
Condition take_header(std::string_view& text, Header& header, std::string& problem);

}  // namespace nslaunch::registry
