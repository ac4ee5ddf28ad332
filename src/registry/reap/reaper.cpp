#include "registry/reap/reaper.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>

#include "registry/place/names.hpp"
#include "registry/reap/leftover_note.hpp"
#include "registry/reap/leftovers.hpp"
#include "registry/record/control.hpp"
#include "registry/record/record.hpp"
#include "sys/base/files.hpp"
#include "sys/base/text.hpp"
#include "sys/process/identity.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::registry {
namespace {

using std::chrono::milliseconds;

std::string shown(const Directory& directory, const char* name) {
  return sys::escape(directory.path + "/" + name);
}

/// The file with its lock, if no other process has it and `name` still refers to it: from here on no launcher
/// owns it, and no other reaper works on it.
std::optional<RecordFile> seize(const Directory& directory, const char* name, unsigned char type,
                                std::string& problem) {
  auto file = open_record(directory, name, type, O_RDWR, problem);
  if (!file || !sys::try_write_lock(file->fd.get()) || !is_still(directory, name, *file)) return std::nullopt;
  return file;
}

/// Its writer locks it after creating it, and checks whether we were faster (make_locked_file).
void sweep_temporary(const Directory& directory, const char* name, unsigned char type) {
  std::string ignored;
  const auto file = seize(directory, name, type, ignored);  // locked until it is gone
  if (file) ::unlinkat(directory.fd.get(), name, 0);
}

/// Removes a socket whose record was removed by hand, and on which no process listens.
void sweep_socket(const Directory& directory, const char* name) {
  const auto record = record_name(id_of(name));
  if (::faccessat(directory.fd.get(), record.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT)
    return;
  const auto address = address_in(directory.fd.get(), name);
  const sys::Fd client(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
      errno == ECONNREFUSED)
    ::unlinkat(directory.fd.get(), name, 0);
}

/// Kills init, which ends its shard, and waits for that. Returns what went wrong.
std::string end_init(const ProcessIdentity& init, uid_t owner, milliseconds patience) {
  const auto pidfd = sys::find(init, owner);
  if (!pidfd) return {};
  const int error = pidfd->send_signal(SIGKILL);
  if (error != 0 && error != ESRCH) {
    return fmt::format("its init (pid {}) can't be killed: {}", init.pid, sys::errno_code(error).message());
  }
  if (pidfd->wait_for_end(patience)) return {};
  return fmt::format("its init (pid {}) was killed but has not ended", init.pid);
}

/// Reduces a note to its first bytes and `entries`, which are part of it. If that fails, everything stays.
void keep_only(const RecordFile& note, std::size_t first, const std::string& entries) {
  const auto written = ::pwrite(note.fd.get(), entries.data(), entries.size(), static_cast<off_t>(first));
  if (written == static_cast<ssize_t>(entries.size()))
    sys::retry_on_eintr([&] { return ::ftruncate(note.fd.get(), static_cast<off_t>(first) + written); });
}

/// Those of another machine or an earlier boot mean nothing here.
bool has_other_mounts(const NoteOrigin& origin) {
  return origin.mount_namespace != 0 && origin.writer.boot_id == sys::boot_id() &&
         origin.mount_namespace != sys::namespace_inode(0, "mnt");
}

}  // namespace

bool Reaper::reap(const Directory& directory, const char* name, unsigned char type, milliseconds patience) {
  seized_ = false;
  try {
    const auto kind = kind_of(name);
    if (kind == NameKind::kTemporary) sweep_temporary(directory, name, type);
    if (kind == NameKind::kRecord) reap_record(directory, name, type, patience);
    if (kind == NameKind::kNote) reap_note(directory, name, type);
    if (kind == NameKind::kSocket && thorough_) sweep_socket(directory, name);
  } catch (const Error& error) {
    result_.problems.push_back(fmt::format("{}: {}", shown(directory, name), error.what()));
  }
  return seized_;
}

/// A problem of the file itself is reported when it is listed; what kept us from opening it now is reported
/// here.
std::optional<RecordFile> Reaper::take(const Directory& directory, const char* name, unsigned char type) {
  std::string problem;
  auto file = seize(directory, name, type, problem);
  if (!file && is_passing(problem))
    result_.problems.push_back(fmt::format("{}: {}", shown(directory, name), problem));
  seized_ = file.has_value();
  return file;
}

void Reaper::reap_record(const Directory& directory, const char* name, unsigned char type,
                         milliseconds patience) {
  const auto file = take(directory, name, type);
  if (!file) return;
  const auto text = read_text(*file);
  std::string_view rest = text;
  Header header;
  std::string problem;
  const auto condition = take_header(rest, header, problem);
  if (condition == Condition::kDamaged) reap_damaged(directory, name, *file);
  if (condition != Condition::kGood) return;
  if (viewpoint_.is_foreign(header.launcher)) {
    if (viewpoint_.is_lost())
      result_.problems.push_back(shown(directory, name) +
                                 ": whether its shard is of this PID namespace can't be told");
    return;
  }
  const Life life = viewpoint_.life(header, directory.owner, false);
  if (life == Life::kDead && unlink_record(directory, name)) ++result_.removed;
  // A record with any damage does not justify a kill.
  if (life != Life::kOrphaned || decode(text).condition != Condition::kGood) return;
  reap_orphan(directory, name, header.init, patience);
}

/// A note of another PID or mount namespace may name something in a place that is not visible from here.
void Reaper::reap_note(const Directory& directory, const char* name, unsigned char type) {
  const auto file = take(directory, name, type);
  if (!file) return;
  const auto text = read_text(*file);
  std::string_view entries = text;
  const auto origin = take_origin_of_note(entries);
  if (origin.newer) return;
  const auto sum = origin.complete ? remove_leftovers(entries) : Removed{};
  result_.problems.insert(result_.problems.end(), sum.problems.begin(), sum.problems.end());
  const bool is_elsewhere =
      !sum.missing.empty() && (viewpoint_.is_foreign(origin.writer) || has_other_mounts(origin));
  if (sum.problems.empty() && !is_elsewhere) ::unlinkat(directory.fd.get(), name, 0);
  // What was removed is missing from now on, and would keep the note.
  if (sum.problems.empty() && is_elsewhere && sum.removed > 0)
    keep_only(*file, text.size() - entries.size(), sum.missing);
}

void Reaper::reap_damaged(const Directory& directory, const char* name, const RecordFile& file) {
  if (thorough_ && file.status.st_nlink == 1 && unlink_record(directory, name)) ++result_.removed;
}

void Reaper::reap_orphan(const Directory& directory, const char* name, const ProcessIdentity& init,
                         milliseconds patience) {
  const auto problem = end_init(init, directory.owner, patience);
  if (!problem.empty()) {
    result_.problems.push_back(fmt::format("shard {} is still there: {}", id_of(name), problem));
  } else if (unlink_record(directory, name)) {
    ++result_.ended;
  }
}

bool Reaper::unlink_record(const Directory& directory, const char* name) {
  // The record last: if a reaper is killed here, the rest is found through it.
  const int socket = ::unlinkat(directory.fd.get(), socket_name(id_of(name)).c_str(), 0);
  if ((socket == 0 || errno == ENOENT) && ::unlinkat(directory.fd.get(), name, 0) == 0) return true;
  if (errno != ENOENT) {
    const auto why = sys::errno_code(errno).message();
    result_.problems.push_back(fmt::format("{} can't be removed: {}", shown(directory, name), why));
  }
  return false;
}

}  // namespace nslaunch::registry
