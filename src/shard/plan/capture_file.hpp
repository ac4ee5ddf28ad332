#pragma once

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

/// The directory of a fleet's captures as far as it is the same for all of them, opened before any command
/// runs.
struct CaptureDirectory {
  std::string path;  ///< with a slash at its end, where there is one
  sys::Directory directory;
};
/// Throws Error. `spec` has the file's name with its braces.
CaptureDirectory open_capture_directory(const CaptureSpec& spec);

/// The file of --pcap, the launcher's side. It is made before anything of the shard is, in its directory but
/// without its name, so that a launch that fails leaves alone what has the name, and a killed launcher leaves
/// nothing that is not known before.
class CaptureFile {
 public:
  /// `warning` may be empty, and must outlive the file like `spec`. With `below` the file is looked for from
  /// there, and no link followed. Throws UsageError where FILE is there and no regular file, Error where it
  /// can't be made or replaced.
  CaptureFile(const CaptureSpec& spec, const std::function<void(std::string_view)>& warning,
              sys::BeforeMaking before_making, const CaptureDirectory* below = nullptr);
  CaptureFile(const CaptureFile&) = delete;
  CaptureFile& operator=(const CaptureFile&) = delete;
  /// A run that has not succeeded, of whatever reason, has its file from here on.
  ~CaptureFile();

  int fd() const noexcept { return file_->fd(); }
  /// All that must stay open.
  std::vector<int> descriptors() const { return {file_->fd(), directory_.get()}; }

  /// From here on FILE is this run's, or not there yet.
  void command_started() noexcept;
  void command_succeeded() noexcept { wanted_ = false; }

 private:
  void check_place() const;
  void make();
  void refuse_all_but_captures() const;
  void refuse_anothers() const;
  void publish();
  void remove_earlier() const;

  const CaptureSpec& spec_;
  const std::function<void(std::string_view)>& warning_;
  sys::BeforeMaking before_making_;
  std::string name_;  ///< in its directory
  bool is_named_by_another_;
  sys::Fd directory_;
  std::optional<sys::PendingFile> file_;
  bool wanted_ = false;  ///< it is to get its name at the end
};

}  // namespace nslaunch::shard
