#pragma once

#include <sys/stat.h>
#include <nslaunch/error.hpp>
#include <nslaunch/spec.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sys/base/fd.hpp"
#include "sys/files/directory.hpp"
#include "sys/files/pending_file.hpp"

namespace nslaunch::shard {

/// The part of the captures' directory that all shards of a fleet share, opened before any command runs.
struct CaptureDirectory {
  std::string path;  ///< with a trailing slash, if there is one
  sys::Directory directory;
};
/// Throws Error. `spec` has the file's name with the braces not yet expanded.
CaptureDirectory open_capture_directory(const CaptureSpec& spec);

/// The file of --pcap, the launcher's side. It is created before anything of the shard, in its directory but
/// without its name: a failed launch does not touch an existing file of that name, and a killed launcher
/// leaves nothing that was not known before.
class CaptureFile {
 public:
  /// `warning` may be empty, and must outlive the file like `spec`. With `below` the file is looked up from
  /// there without following links. Throws UsageError if FILE exists and is not a regular file, Error if it
  /// can't be created or replaced.
  CaptureFile(const CaptureSpec& spec, const std::function<void(std::string_view)>& warning,
              sys::BeforeMaking before_making, const CaptureDirectory* below = nullptr);
  CaptureFile(const CaptureFile&) = delete;
  CaptureFile& operator=(const CaptureFile&) = delete;
  /// From here on a run that has not succeeded, for whatever reason, has its file.
  ~CaptureFile();

  int fd() const noexcept { return file_->fd(); }
  /// All that must stay open.
  std::vector<int> descriptors() const { return {file_->fd(), directory_.get(), earlier_.get()}; }

  /// From here on FILE is this run's, or does not exist yet.
  void command_started() noexcept;
  void command_succeeded() noexcept { wanted_ = false; }

 private:
  void check_place() const;
  void make();
  void refuse_all_but_captures(const struct stat& earlier) const;
  void refuse_anothers() const;
  bool has_earlier_name() const;
  bool is_taken() const;
  bool is_anothers(const struct stat& earlier) const;
  Error name_is_taken() const;
  int replace_earlier();
  void publish();
  void remove_earlier() const;

  const CaptureSpec& spec_;
  const std::function<void(std::string_view)>& warning_;
  sys::BeforeMaking before_making_;
  std::string name_;  ///< in its directory
  bool is_named_by_another_;
  bool may_free_name_ = false;
  sys::Fd earlier_;  ///< the file that had the name at first: open, so that no other gets its inode
  sys::Fd directory_;
  std::optional<sys::PendingFile> file_;
  bool wanted_ = false;  ///< the file is named at the end
};

}  // namespace nslaunch::shard
