#include "registry/reap/leftover_note.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <utility>

#include "registry/place/locked_file.hpp"
#include "registry/place/names.hpp"
#include "registry/reap/leftovers.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/base/random.hpp"
#include "sys/base/signals.hpp"
#include "sys/files/directory.hpp"
#include "sys/process/as_user.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::registry {
namespace {

constexpr std::string_view kNoteMagic = "nslaunch-left ";
constexpr int kNoteFormat = 1;

constexpr std::chrono::seconds kLookupLimit{3};

/// Empty if the path can't be determined. Its lookup may be blocked by another user if we are root (K66).
std::string path_of_entry(int directory, const std::string& name) {
  if (directory == AT_FDCWD) return name;
  struct stat status = {};
  if (::fstat(directory, &status) != 0) return {};
  const auto look = [&] { return sys::Answer{sys::path_of(directory)}; };
  const auto found = ::geteuid() != 0
                         ? look()
                         : sys::in_child(status.st_uid, kLookupLimit, look, sys::Signals::kWait, {directory});
  const auto& path = found.text;
  return path.empty() ? path : path + "/" + name;
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
  const auto pidns = std::from_chars(line.data(), line.data() + line.size(), origin.writer.pidns_inode);
  line.remove_prefix(std::min(static_cast<std::size_t>(pidns.ptr - line.data()) + 1, line.size()));
  std::from_chars(line.data(), line.data() + line.size(), origin.mount_namespace);
  text.remove_prefix(end + 1);
  return origin;
}

bool LeftoverNote::begin() {
  if (std::exchange(tried_, true)) return static_cast<bool>(file_);
  std::string problem;  // the record has the same one, and reports it
  directory_ = open_directory_to_publish(problem);
  if (!directory_) return false;
  auto file = make_locked_file(directory_->fd.get(), [](unsigned) { return note_name(sys::random_hex()); });
  file_ = std::move(file.fd);
  name_ = std::move(file.name);
  const auto origin = fmt::format("{}{} {} {} {}\n", kNoteMagic, kNoteFormat, sys::boot_id(),
                                  sys::namespace_inode(0, "pid"), sys::namespace_inode(0, "mnt"));
  return sys::write_all(file_.get(), origin) == 0;
}

bool LeftoverNote::add(int directory, const std::string& name) noexcept {
  try {
    const auto path = path_of_entry(directory, name);
    const sys::IgnoredFileSizeSignal ignored;
    is_noted_ = false;
    if (path.empty()) return false;
    is_noted_ = begin();
    is_noted_ = write(path) && is_noted_;
    return is_noted_;
  } catch (const std::exception&) {  // nothing can be noted
    return false;
  }
}

void LeftoverNote::made(int directory) noexcept {
  try {
    const sys::IgnoredFileSizeSignal ignored;
    if (is_noted_) write(entry_of_made(directory));
  } catch (const std::exception&) {  // it stays after a kill, and is reported
  }
}

/// What could not be noted is removed all the same if this process is not killed.
bool LeftoverNote::write(const std::string& entry) {
  text_ += entry + '\0';
  return file_ && sys::write_all(file_.get(), entry + '\0') == 0;
}

sys::BeforeMaking LeftoverNote::hook() {
  return [this](int directory, const std::string& name) {
    if (!name.empty()) return add(directory, name);
    made(directory);
    return true;
  };
}

std::vector<int> LeftoverNote::descriptors() const {
  return file_ ? std::vector<int>{file_.get(), directory_->fd.get()} : std::vector<int>{};
}

LeftoverNote::~LeftoverNote() {
  if (text_.empty()) return;
  try {
    const auto problems = remove_leftovers(text_).problems;
    for (const auto& problem : problems) {
      if (warn_) warn_(problem);
    }
    if (!problems.empty()) return;
  } catch (const std::exception&) {
    return;
  }
  if (file_) ::unlinkat(directory_->fd.get(), name_.c_str(), 0);
}

}  // namespace nslaunch::registry
