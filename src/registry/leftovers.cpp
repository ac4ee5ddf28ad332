#include "registry/leftovers.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdlib>

#include "registry/locked_file.hpp"
#include "registry/names.hpp"
#include "sys/as_user.hpp"
#include "sys/check.hpp"
#include "sys/directory.hpp"
#include "sys/files.hpp"
#include "sys/procfs.hpp"
#include "sys/random.hpp"
#include "sys/remove_contents.hpp"
#include "sys/signals.hpp"
#include "sys/text.hpp"

namespace nslaunch::registry {
namespace {

constexpr std::string_view kNoteMagic = "nslaunch-left ";
constexpr int kNoteFormat = 1;
constexpr std::string_view kOwnNames = ".nslaunch-";
/// What begins so tells the directory of the entry before it from all others.
constexpr std::string_view kMade = "made ";

constexpr std::chrono::seconds kRemovalLimit{3};

/// Empty where that can't be told. Its way is looked up, on which another user may be for root (K66).
std::string path_of_entry(int directory, const std::string& name) {
  if (directory == AT_FDCWD) return name;
  struct stat status = {};
  if (::fstat(directory, &status) != 0) return {};
  const auto look = [&] { return sys::Answer{sys::path_of(directory)}; };
  const auto found =
      ::geteuid() != 0 ? look()
                       : sys::in_child(status.st_uid, kRemovalLimit, look, sys::Signals::kWait, {directory});
  const auto& path = found.text;
  return path.empty() ? path : path + "/" + name;
}

/// Each directory on the way is a real one, whatever its name led to when it was written down, and no user's
/// program, which could keep us waiting. Empty with errno.
sys::Fd open_place(const std::string& path) try {
  return sys::open_path_without_links(path.empty() ? "/" : path, sys::Ways::kAskNobody);
} catch (const Error& error) {
  errno = error.code().value();
  return {};
}

std::string why_kept(const std::string& path, int error) {
  return fmt::format("a shard has left {}: {}; see what is there, mend or remove it, and run: nslaunch reap",
                     sys::escape(path), sys::errno_code(error).message());
}

/// Of a directory: nobody can make another one of which this is true. Empty where that can't be told.
std::string fingerprint(int directory) {
  struct statx status = {};
  constexpr unsigned kNeeded = STATX_INO | STATX_BTIME;
  if (::statx(directory, "", AT_EMPTY_PATH, kNeeded, &status) != 0) return {};
  if ((status.stx_mask & kNeeded) != kNeeded) return {};  // a number alone is given again
  return fmt::format("{:x}:{:x} {} {}.{:09}", status.stx_dev_major, status.stx_dev_minor, status.stx_ino,
                     status.stx_btime.tv_sec, status.stx_btime.tv_nsec);
}

bool is_ours(int directory, const std::string& made) {
  struct stat status = {};
  return !made.empty() && fingerprint(directory) == made && ::fstat(directory, &status) == 0 &&
         status.st_uid == ::geteuid();
}

/// Returns 0 or an errno. What is in another directory than ours stays, and is as good as gone;
/// where ours is not to be told from others, that it stays is an error.
int remove_directory(int place, const char* name, const std::string& made) {
  const auto directory = sys::open_on_same_mount(place, name, O_PATH | O_DIRECTORY);
  if (!directory) return errno;
  const bool is_known = is_ours(directory.get(), made);
  const int kept = is_known ? sys::remove_contents(directory.get()) : 0;
  if (kept != 0) return kept;
  if (::unlinkat(place, name, AT_REMOVEDIR) == 0) return 0;
  return errno == ENOTEMPTY && !is_known && !made.empty() ? ENOENT : errno;
}

int remove_in(int place, const char* name, const std::string& made) {
  const int error = ::unlinkat(place, name, 0) == 0 ? 0 : errno;
  return error == EISDIR ? remove_directory(place, name, made) : error;
}

/// Whether root removes it itself: in a place of its own, or where it is the very directory that root has
/// made in somebody else's.
bool is_for_root(int place, const char* name, const std::string& made) {
  struct stat status = {};
  if (::fstat(place, &status) == 0 && status.st_uid == 0) return true;
  const auto directory = sys::open_on_same_mount(place, name, O_PATH | O_DIRECTORY);
  return directory && is_ours(directory.get(), made);
}

/// By children, since whoever is on the way may hold a lock for as long as he likes (K66).
int remove_as_root(const std::string& folder, const char* name, const std::string& made) {
  const auto work = [&] {
    sys::Answer answer;
    auto place = open_place(folder);
    if (!place)
      answer.text = std::to_string(errno);
    else if (is_for_root(place.get(), name, made))
      answer.text = std::to_string(remove_in(place.get(), name, made));
    else
      answer.descriptors.push_back(std::move(place));
    return answer;
  };
  const auto answer = sys::in_child(0, kRemovalLimit, work);
  if (answer.descriptors.empty()) return std::atoi(answer.text.c_str());
  const int place = answer.descriptors.front().get();
  return sys::as_owner_of(place, kRemovalLimit, [&] { return remove_in(place, name, made); });
}

int remove_here(const std::string& folder, const char* name, const std::string& made) {
  const auto place = open_place(folder);
  return place ? remove_in(place.get(), name, made) : errno;
}

/// One entry; a path that was not of our making is ignored.
void remove_leftover(const std::string& path, const std::string& made, Removed& sum) {
  const auto slash = path.rfind('/');
  if (!path.starts_with('/') || !std::string_view(path).substr(slash + 1).starts_with(kOwnNames)) return;
  const auto remove = ::geteuid() == 0 ? remove_as_root : remove_here;
  int error = 0;
  try {
    error = remove(path.substr(0, slash), path.c_str() + slash + 1, made);
  } catch (const Error& failure) {
    error = failure.code().value();
  }
  if (error == 0) {
    ++sum.removed;
  } else if (error == ENOENT || error == ENOTDIR || error == ELOOP) {
    ++sum.missing;
  } else {
    sum.problems.push_back(why_kept(path, error));
  }
}

}  // namespace

NoteOrigin take_origin_of_note(std::string_view& text) {
  NoteOrigin origin;
  const auto end = text.find('\n');
  if (end == std::string_view::npos || !text.starts_with(kNoteMagic)) return origin;
  auto line = text.substr(kNoteMagic.size(), end - kNoteMagic.size());
  int format = 0;
  const auto parsed = std::from_chars(line.data(), line.data() + line.size(), format);
  origin.complete = parsed.ec == std::errc{} && format > 0;
  origin.newer = format > kNoteFormat;
  line.remove_prefix(std::min(static_cast<std::size_t>(parsed.ptr - line.data()) + 1, line.size()));
  const auto boot = line.substr(0, line.find(' '));
  origin.writer.boot_id = boot;
  line.remove_prefix(std::min(boot.size() + 1, line.size()));
  std::from_chars(line.data(), line.data() + line.size(), origin.writer.pidns_inode);
  text.remove_prefix(end + 1);
  return origin;
}

Removed remove_leftovers(std::string_view entries) {
  Removed sum;
  std::string path;
  std::string made;
  const auto remove_last = [&] {
    remove_leftover(path, made, sum);
    made.clear();
  };
  // What has no end was not written whole, and so was not made.
  for (auto end = entries.find('\0'); end != std::string_view::npos; end = entries.find('\0')) {
    const auto entry = entries.substr(0, end);
    entries.remove_prefix(end + 1);
    if (entry.starts_with(kMade)) {
      made = entry.substr(kMade.size());
    } else {
      remove_last();
      path = entry;
    }
  }
  remove_last();
  return sum;
}

void LeftoverNote::begin() {
  if (std::exchange(tried_, true)) return;
  std::string problem;  // the record has the same one, and says so
  folder_ = open_folder_to_publish(problem);
  if (!folder_) return;
  auto file = make_locked_file(folder_->fd.get(), [](unsigned) { return note_name(sys::random_hex()); });
  file_ = std::move(file.fd);
  name_ = std::move(file.name);
  const auto origin =
      fmt::format("{}{} {} {}\n", kNoteMagic, kNoteFormat, sys::boot_id(), sys::namespace_inode(0, "pid"));
  sys::write_all(file_.get(), origin);
}

void LeftoverNote::add(int directory, const std::string& name) noexcept {
  try {
    const auto path = path_of_entry(directory, name);
    const sys::IgnoredFileSizeSignal ignored;
    if (path.empty()) return;
    begin();
    write(path);
  } catch (const std::exception&) {  // nothing can be written down
  }
}

void LeftoverNote::made(int directory) noexcept {
  try {
    const sys::IgnoredFileSizeSignal ignored;
    if (!text_.empty()) write(std::string(kMade) + fingerprint(directory));
  } catch (const std::exception&) {  // it stays after a kill, and is told of
  }
}

void LeftoverNote::write(const std::string& entry) {
  text_ += entry + '\0';
  if (file_) sys::write_all(file_.get(), entry + '\0');
}

sys::BeforeMaking LeftoverNote::hook() {
  return [this](int directory, const std::string& name) {
    name.empty() ? made(directory) : add(directory, name);
  };
}

std::vector<int> LeftoverNote::descriptors() const {
  return file_ ? std::vector<int>{file_.get(), folder_->fd.get()} : std::vector<int>{};
}

LeftoverNote::~LeftoverNote() {
  if (text_.empty()) return;
  try {
    const auto problems = remove_leftovers(text_).problems;
    for (const auto& problem : problems) {
      if (tell_) tell_(problem);
    }
    if (!problems.empty()) return;
  } catch (const std::exception&) {
    return;
  }
  if (file_) ::unlinkat(folder_->fd.get(), name_.c_str(), 0);
}

}  // namespace nslaunch::registry
