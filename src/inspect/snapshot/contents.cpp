#include "inspect/snapshot/contents.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <memory>
#include <sstream>
#include <string_view>

#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/base/text.hpp"
#include "sys/base/values.hpp"
#include "sys/files/directory.hpp"
#include "sys/files/mounter.hpp"
#include "sys/process/forked.hpp"

namespace nslaunch::inspect {
namespace {

constexpr std::chrono::seconds kLookLimit{3};
constexpr std::size_t kLongestAnswer = 4 << 20;
constexpr int kMostFiles = 100'000;
constexpr int kMostLevels = 64;  // keeps others' trees from exhausting our stack or descriptors
constexpr const char* kTmp = "/tmp";

/// The child's answer: words, each terminated by a NUL, which no name contains.
class Answer {
 public:
  explicit Answer(int out) : out_(out) {}
  template <typename... Words>
  void say(const Words&... words) const {
    std::string text;
    ((text += fmt::format("{}", words), text += '\0'), ...);
    sys::write_all(out_, text);
  }

 private:
  int out_;
};
constexpr const char* kMount = "mount";  // its index, bytes used, limit, files
constexpr const char* kTmpSeen = "tmp";
constexpr const char* kEntry = "entry";    // bytes, name
constexpr const char* kUnseen = "unseen";  // a line

/// Adds up the contents of a directory, except what is mounted there: that file system may be a user's.
class Tally {
 public:
  template <typename Visit>
  void each_entry(const sys::Fd& directory, Visit visit) {
    sys::Fd listed(::openat(directory.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(listed ? ::fdopendir(listed.get()) : nullptr,
                                                      ::closedir);
    if (!entries) return;
    listed.release();
    while (const dirent* entry = ::readdir(entries.get())) {
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      if (left_ == 0) return;
      --left_;
      if (const auto place = sys::open_on_same_mount(directory.get(), entry->d_name, O_PATH))
        visit(name, place);
    }
  }

  std::uint64_t bytes_of(const sys::Fd& place, int level = 0) {
    struct stat status = {};
    if (::fstat(place.get(), &status) != 0) return 0;
    auto bytes = static_cast<std::uint64_t>(status.st_blocks) * 512;
    if (!S_ISDIR(status.st_mode)) return bytes;
    if (level == kMostLevels) left_ = 0;
    each_entry(place, [&](std::string_view, const sys::Fd& entry) { bytes += bytes_of(entry, level + 1); });
    return bytes;
  }

  bool is_cut() const noexcept { return left_ == 0; }

 private:
  int left_ = kMostFiles;
};

sys::Fd open_in_shard(pid_t init, const std::string& path) {
  return sys::open_path_without_links(path, sys::Ways::kAny, fmt::format("/proc/{}/root/.", init));
}

void look_at_tmp(const Answer& answer, pid_t init, const std::vector<Mount>& mounts, std::size_t most) {
  const auto directory = open_in_shard(init, kTmp);
  const auto mount = std::ranges::find(mounts, sys::mount_id_of(directory.get()).value_or(0), &Mount::id);
  if (mount == mounts.end() || mount->path != kTmp || mount->type != "tmpfs" || !mount->is_new)
    return answer.say(kUnseen, "/tmp: it is no tmpfs of the shard's own");
  Tally tally;
  std::vector<Usage> entries;
  tally.each_entry(directory, [&](std::string_view name, const sys::Fd& entry) {
    entries.push_back({std::string(name), tally.bytes_of(entry)});
  });
  std::ranges::sort(entries, std::greater(), &Usage::bytes);
  if (entries.size() > most) entries.resize(most);
  answer.say(kTmpSeen);
  for (const auto& entry : entries) answer.say(kEntry, entry.bytes, entry.name);
  if (tally.is_cut()) answer.say(kUnseen, "some of /tmp: it has too many files, or too deep a tree");
}

/// Reports the mount if its path still leads to it, and not to another mount on top of it.
void look_at_mount(const Answer& answer, pid_t init, const Mount& mount, std::size_t index) {
  const auto place = open_in_shard(init, mount.path);
  struct statfs status = {};
  if (sys::mount_id_of(place.get()) != mount.id || ::fstatfs(place.get(), &status) != 0) return;
  const auto block = static_cast<std::uint64_t>(status.f_bsize);
  answer.say(kMount, index, (status.f_blocks - status.f_bfree) * block, status.f_blocks * block,
             status.f_files - status.f_ffree);
}

/// /tmp first: nothing below it can block us.
void look_at_all(int out, pid_t init, const std::vector<Mount>& mounts, std::size_t most) {
  const Answer answer(out);
  try {
    look_at_tmp(answer, init, mounts, most);
  } catch (const Error& error) {
    answer.say(kUnseen, fmt::format("/tmp: {}", error.what()));
  }
  for (std::size_t index = 0; index < mounts.size(); ++index) {
    if (mounts[index].type != "tmpfs" || !mounts[index].is_new) continue;
    try {
      look_at_mount(answer, init, mounts[index], index);
    } catch (const Error&) {  // gone, or covered by another mount: nothing to report
    }
  }
}

class Words {
 public:
  explicit Words(const std::string& text) : text_(text) {}
  /// False if no complete word is left.
  bool next(std::string& word) { return std::getline(text_, word, '\0') && !text_.eof(); }
  std::uint64_t number() {
    std::string word;
    return next(word) ? sys::whole_number<std::uint64_t>(word).value_or(0) : 0;
  }

 private:
  std::istringstream text_;
};

Contents understood(const std::string& text, std::vector<Mount>& mounts) {
  Contents contents;
  Words words(text);
  for (std::string word; words.next(word);) {
    if (word == kTmpSeen) contents.tmp.emplace();
    if (word == kUnseen && words.next(word)) contents.unseen.push_back(word);
    if (word == kEntry && contents.tmp) {
      const auto bytes = words.number();
      if (words.next(word)) contents.tmp->push_back({word, bytes});
    }
    if (word == kMount) {
      const auto index = words.number();
      const Mount::Usage usage{words.number(), words.number(), words.number()};
      if (index < mounts.size()) mounts[index].usage = usage;
    }
  }
  return contents;
}

}  // namespace

Contents contents_of(pid_t init, std::vector<Mount>& mounts, std::size_t most) {
  const auto seen = sys::output_of_child([&](int out) { look_at_all(out, init, mounts, most); }, kLookLimit,
                                         kLongestAnswer);
  auto contents = understood(seen.text, mounts);
  if (!seen.complete) {
    contents.unseen.push_back(
        fmt::format("{}: not all could be looked at within {}: it is too much, or who shows it (FUSE, NFS) "
                    "does not answer",
                    contents.tmp ? "some mounts" : kTmp, sys::format_duration(kLookLimit)));
  }
  return contents;
}

}  // namespace nslaunch::inspect
