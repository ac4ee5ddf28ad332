#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "sys/base/fd.hpp"

namespace nslaunch::sys {

/// What was done for a user hands back.
struct Answer {
  std::string text{};
  std::vector<Fd> descriptors{};  ///< at most kMostDescriptors
};

/// What a signal does that would end the caller, who has blocked it.
enum class Signals {
  kWait,   ///< it has to wait
  kEndIt,  ///< it ends the work, and is still there afterwards
};

/// Runs `work` in a child that has become this user for good, so that the kernel lets it do what that user
/// may do and no more, wherever the user's links lead. The user can stop or kill the child, but not hold up
/// the caller for longer than `limit`, nor for more than some 10 s in all of what this process does as that
/// user, or 20 s of what it does as any (Patience), nor look into the child's memory or descriptors. Of the
/// caller's descriptors it has those in `used` alone, and it works in the root directory. It ends with the
/// caller, who must have one thread only. `become`, which returns 0 or an errno, is another way for the child
/// to become that user than become_user(). Throws Error where the child can't be had, can't become the user
/// or does not answer; `work` must put into its answer what fails in it.
Answer as_user(uid_t uid, gid_t gid, const std::vector<gid_t>& groups, std::chrono::milliseconds limit,
               const std::function<Answer()>& work, Signals signals = Signals::kWait,
               const std::vector<int>& used = {}, const std::function<int()>& become = {});

/// The same in a child that stays who we are, which nobody else can stop or kill: for what may wait in the
/// kernel for as long as a user likes (K66). It is `whose` patience that it uses up, and who is named; 0
/// where that is not known. `doing`: what to whatever is theirs, for messages.
Answer in_child(uid_t whose, std::chrono::milliseconds limit, const std::function<Answer()>& work,
                Signals signals = Signals::kWait, const std::vector<int>& used = {},
                const std::string& doing = "looking into directories");

/// What `open` opens in such a child, or nothing with its errno. Throws Error as as_user() does.
Fd open_in_child(uid_t whose, std::chrono::milliseconds limit, const std::function<Fd()>& open,
                 const std::vector<int>& used = {});

/// What `read` says of a process of `owner`'s, who may keep whoever looks at it waiting (K33, K66): of
/// another user's in such a child, for a second. Throws Error as in_child() does.
std::string read_of_process(uid_t owner, const std::function<std::string()>& read);

/// Says of a child of ours that was killed in vain while it was `doing` something.
void warn_of_unkillable(pid_t child, const std::string& doing);

/// Where root's own part is done.
enum class RootsWork { kHere, kInChild };

/// Runs `work`, which returns 0 or an errno, as the user whom a directory belongs to, where we are root and
/// that is another, or root's work is for a child, too: in such a child, with its descriptor and those in
/// `used`, and with groups_of_user(). Else here. Returns what it returns, or why it could not be run.
int as_owner_of(int directory, std::chrono::milliseconds limit, const std::function<int()>& work,
                std::vector<int> used = {}, RootsWork roots = RootsWork::kHere) noexcept;

}  // namespace nslaunch::sys
