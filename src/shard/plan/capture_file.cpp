#include "shard/plan/capture_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <nslaunch/error.hpp>

#include <cerrno>
#include <cstdint>
#include <filesystem>

#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/base/text.hpp"
#include "sys/files/access_lists.hpp"
#include "sys/files/for_user.hpp"
#include "sys/files/mounter.hpp"
#include "sys/files/open_output.hpp"
#include "sys/files/shared_directory.hpp"

namespace nslaunch::shard {
namespace {

/// As for any other file: the caller's umask applies.
constexpr mode_t kMode = 0666;

UsageError not_regular(const std::string& path) {
  return UsageError(fmt::format("--pcap {}: that is no regular file", sys::escape(path)),
                    "Packets go to a regular file only: name a new one, or one that may be replaced.");
}

Error is_another_users(const std::string& path) {
  return {sys::errno_code(EACCES), fmt::format("replacing {}, which is another user's", sys::escape(path)),
          "Remove it before, or give the capture another name."};
}

/// For work done once the command runs: its exit status must not change any more.
template <typename Work>
void attempt(Work&& work, const std::function<void(std::string_view)>& warning) noexcept {
  try {
    work();
  } catch (const std::exception& error) {
    if (warning) warning(error.what());
  }
}

Error not_made(const Error& error, const std::string& file) {
  return {error.code(), fmt::format("making {} for --pcap", sys::escape(file)),
          "Name a file in a directory that is there and that you can write to."};
}

sys::Fd open_directory(const std::string& path) {
  return sys::open_file(path.empty() ? "." : path, O_PATH | O_DIRECTORY);
}

/// Neither links nor mounts are followed: a user can have both in a mount namespace of their own.
sys::Fd open_directory_below(const CaptureDirectory& above, const std::string& path) {
  sys::Fd here = sys::open_on_same_mount(above.directory.fd(), ".", O_PATH | O_DIRECTORY);
  for (const std::string name : std::filesystem::path(path)) {
    // An absolute name would start at the root, whatever directory it is opened in.
    if (name.empty() || name == ".." || name.find('/') != name.npos)
      throw Error(sys::errno_code(EINVAL), fmt::format("opening {}", sys::escape(path)));
    if (here) here = sys::open_on_same_mount(here.get(), name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW);
  }
  sys::check(here.get(), "opening {}", sys::escape(path));
  return here;
}

/// A capture without packets is this long (pcap-savefile(5)).
constexpr off_t kHeaderSize = 24;

/// Whether it is a capture like ours, by its first word. `file` may be open for writing only.
bool is_capture(const sys::Fd& file) {
  constexpr std::uint32_t kMagic = 0xa1b2c3d4;
  const sys::Fd content(::open(sys::descriptor_path(file.get()).c_str(), O_RDONLY | O_CLOEXEC));
  std::uint32_t magic = 0;
  return ::pread(content.get(), &magic, sizeof magic, 0) == sizeof magic && magic == kMagic;
}

/// Whether a name that becomes free there can be taken only by those who could have removed its file: nobody
/// else has chosen which directory it is.
bool may_free_names_in(const sys::Fd& directory, const std::string& file) {
  const auto path = sys::directory_without_links(directory.get(), file);
  if (path.empty() || sys::is_sticky_and_shared(directory.get())) return false;
  return ::geteuid() != 0 || (sys::only_we_may_change(directory.get()) && sys::find_on_roots_way(path));
}

}  // namespace

CaptureDirectory open_capture_directory(const CaptureSpec& spec) try {
  auto path = spec.file.substr(0, spec.file.rfind('/', spec.file.find('{')) + 1);
  sys::Directory directory(open_directory(path));
  if (sys::mounter_of(directory.fd()) == sys::Mounter::kAnother)
    throw Error(sys::errno_code(EXDEV), "entering what another user has mounted");
  return {std::move(path), std::move(directory)};
} catch (const Error& error) {
  throw not_made(error, spec.file);
}

CaptureFile::CaptureFile(const CaptureSpec& spec, const std::function<void(std::string_view)>& warning,
                         sys::BeforeMaking before_making, const CaptureDirectory* below)
    : spec_(spec),
      warning_(warning),
      before_making_(std::move(before_making)),
      name_(std::filesystem::path(spec.file).filename()),
      is_named_by_another_(below != nullptr && spec.named_by_list) {
  try {
    const auto directory_of = [](const std::string& path) {
      return std::filesystem::path(path).parent_path();
    };
    directory_ = below == nullptr
                     ? open_directory(directory_of(spec.file))
                     : open_directory_below(*below, directory_of(spec.file.substr(below->path.size())));
    may_free_name_ = may_free_names_in(directory_, spec.file);
    check_place();
    make();
  } catch (const Error& error) {
    if (!error.advice().empty()) throw;
    throw not_made(error, spec.file);
  }
}

void CaptureFile::check_place() const {
  struct stat file = {};
  struct stat directory = {};
  if (name_.empty() || name_ == "." || name_ == "..") throw not_regular(spec_.file);
  if (::fstatat(directory_.get(), name_.c_str(), &file, AT_SYMLINK_NOFOLLOW) != 0) return;
  // Links are not followed either: /dev/stdout is one, and its target must not be replaced.
  if (!S_ISREG(file.st_mode)) throw not_regular(spec_.file);
  sys::check(::fstat(directory_.get(), &directory), "looking at the directory");
  // The kernel would report it only after the command has run.
  const auto user = ::geteuid();
  const bool keeps_others = (directory.st_mode & S_ISVTX) != 0 && user != 0 && directory.st_uid != user;
  if (keeps_others && file.st_uid != user)
    throw Error(sys::errno_code(EPERM), "replacing another user's file");
}

/// A file that will be replaced is opened for writing, so that the kernel applies its protections. From then
/// on the opened file counts: the name may refer to another one by now.
void CaptureFile::make() {
  struct stat old = {};
  const bool is_new = ::fstatat(directory_.get(), name_.c_str(), &old, AT_SYMLINK_NOFOLLOW) != 0;
  if (is_new) {
    file_.emplace(directory_.get(), O_RDWR, kMode, before_making_);
    return;
  }
  refuse_anothers();
  earlier_ = sys::open_output_at(directory_.get(), name_, O_NOFOLLOW);
  sys::check(earlier_.get(), "opening {}", spec_.file);
  sys::check(::fstat(earlier_.get(), &old), "looking at {}", spec_.file);
  if (!S_ISREG(old.st_mode)) throw not_regular(spec_.file);
  if (is_named_by_another_) refuse_all_but_captures(old);
  if (is_anothers(old)) throw is_another_users(spec_.file);
  file_.emplace(directory_.get(), O_RDWR, 0600, before_making_);
  file_->stand_in_for(old, sys::has_access_list(earlier_.get()));
}

/// The list belongs to that user, who would thus choose what root loses. What has been opened counts: the
/// user may exchange what has the name.
void CaptureFile::refuse_all_but_captures(const struct stat& earlier) const {
  if (earlier.st_uid == ::geteuid() && is_capture(earlier_)) return;
  throw Error(sys::errno_code(EEXIST),
              fmt::format("replacing {} for --pcap on the word of a list", sys::escape(spec_.file)),
              "It is no capture of this user's. Give those a directory of their own: --pcap captures/{name}");
}

CaptureFile::~CaptureFile() {
  if (wanted_) attempt([this] { publish(); }, warning_);
}

void CaptureFile::command_started() noexcept {
  wanted_ = spec_.only_on_failure;
  attempt([this] { wanted_ ? remove_earlier() : publish(); }, warning_);
}

/// What was not there at first stays: it is somebody else's, or another program's.
bool CaptureFile::has_earlier_name() const {
  struct stat entry = {};
  struct stat earlier = {};
  return earlier_ && ::fstat(earlier_.get(), &earlier) == 0 &&
         ::fstatat(directory_.get(), name_.c_str(), &entry, AT_SYMLINK_NOFOLLOW) == 0 &&
         entry.st_dev == earlier.st_dev && entry.st_ino == earlier.st_ino;
}

bool CaptureFile::is_taken() const {
  struct stat entry = {};
  return ::fstatat(directory_.get(), name_.c_str(), &entry, AT_SYMLINK_NOFOLLOW) == 0;
}

Error CaptureFile::name_is_taken() const {
  return {sys::errno_code(EEXIST), fmt::format("naming {}", sys::escape(spec_.file)), sys::kNameIsTaken};
}

/// Where the name must not become free, only what a redirection would do.
void CaptureFile::remove_earlier() const {
  refuse_anothers();
  if (has_earlier_name() && !may_free_name_) {
    const off_t kept = is_capture(earlier_) ? kHeaderSize : 0;
    sys::check(::ftruncate(earlier_.get(), kept), "emptying the {} of an earlier run",
               sys::escape(spec_.file));
  } else if (has_earlier_name()) {
    sys::check(::unlinkat(directory_.get(), name_.c_str(), 0), "removing the {} of an earlier run",
               sys::escape(spec_.file));
  } else if (is_taken()) {
    throw name_is_taken();
  }
}

/// In a directory where all users may create files but not remove others', another user may have taken the
/// name.
void CaptureFile::refuse_anothers() const {
  if (sys::is_protected_entry(directory_.get(), name_)) throw is_another_users(spec_.file);
}

/// What would replace it could not be given to that user: others may change the directory.
bool CaptureFile::is_anothers(const struct stat& earlier) const {
  return earlier.st_uid != ::geteuid() && !sys::only_we_may_change(directory_.get());
}

/// In a directory that others may change it must not become somebody's.
int CaptureFile::replace_earlier() {
  struct stat earlier = {};
  const bool may_take_rights =
      sys::only_we_may_change(directory_.get()) && !sys::has_access_list(earlier_.get());
  if (may_take_rights && ::fstat(earlier_.get(), &earlier) == 0) file_->take_rights_of(earlier);
  return file_->replace(name_);
}

void CaptureFile::publish() {
  refuse_anothers();
  const int error = has_earlier_name() ? replace_earlier() : file_->give_new_name(name_);
  if (error == EEXIST) throw name_is_taken();
  if (error != 0) throw Error(sys::errno_code(error), fmt::format("naming {}", sys::escape(spec_.file)));
}

}  // namespace nslaunch::shard
