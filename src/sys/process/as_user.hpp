#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "sys/base/fd.hpp"

namespace nslaunch::sys {

/// The result of work done for a user.
struct Answer {
  std::string text{};
  std::vector<Fd> descriptors{};  ///< at most kMostDescriptors

  /// The answer of work that returns 0 or an errno.
  static Answer of_error(int error) { return {.text = std::to_string(error)}; }
  /// That errno. EPROTO for any other text, which must not pass for success.
  int error() const noexcept;
};

/// The effect of a signal that would end the caller, which has blocked it.
enum class Signals {
  kWait,   ///< it stays pending until the work is done
  kEndIt,  ///< it ends the work, and stays pending
};

/// Runs `work` in a child that has become this user for good, so that the kernel allows it exactly what that
/// user may do, wherever the user's links lead. The user can stop or kill the child, but can't delay the
/// caller for longer than `limit`, nor for more than some 10 s in total over all that this process does as
/// that user, or 20 s over all users (Patience), nor inspect the child's memory or descriptors. Of the
/// caller's descriptors the child keeps only those in `used`; it works in the root directory. It ends with
/// the caller, which must be single-threaded. `become`, which returns 0 or an errno, replaces become_user()
/// as the child's way to become that user. Throws Error if the child can't be started, can't become the user
/// or does not answer; `work` must put its own failures into its answer.
Answer as_user(uid_t uid, gid_t gid, const std::vector<gid_t>& groups, std::chrono::milliseconds limit,
               const std::function<Answer()>& work, Signals signals = Signals::kWait,
               const std::vector<int>& used = {}, const std::function<int()>& become = {});

/// The same in a child that keeps our ids, which no other user can stop or kill: for work that may block in
/// the kernel for as long as a user likes (K66). It uses up the patience with `whose`, the user named in
/// messages; 0 if unknown. `doing`: what it does, for messages; "of user N" is appended.
Answer in_child(uid_t whose, std::chrono::milliseconds limit, const std::function<Answer()>& work,
                Signals signals = Signals::kWait, const std::vector<int>& used = {},
                const std::string& doing = "looking into directories");

/// The result of `open` in such a child, or empty with its errno. Throws Error as as_user() does.
Fd open_in_child(uid_t whose, std::chrono::milliseconds limit, const std::function<Fd()>& open,
                 const std::vector<int>& used = {});

/// What `read` returns about a process of `owner`, who may block its readers (K33, K66): for another user's
/// process it runs in such a child, for at most a second. Throws Error as in_child() does.
std::string read_of_process(uid_t owner, const std::function<std::string()>& read);

/// Warns of a child of ours that could not be killed while it was `doing` something.
void warn_of_unkillable(pid_t child, const std::string& doing);

/// Where work on root's own directories runs.
enum class RootsWork { kHere, kInChild };

/// Runs `work`, which returns 0 or an errno, as the owner of a directory. If we are root, and the owner is
/// another user or `roots` is kInChild, it runs in such a child, with the directory's descriptor, those in
/// `used`, and groups_of_user(); otherwise here. Returns its result, or why it could not be run.
int as_owner_of(int directory, std::chrono::milliseconds limit, const std::function<int()>& work,
                std::vector<int> used = {}, RootsWork roots = RootsWork::kHere) noexcept;

}  // namespace nslaunch::sys
