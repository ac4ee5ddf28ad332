#pragma once

#include <nslaunch/spec.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "sys/fd.hpp"

namespace nslaunch::shard {

/// The file of --pcap, the launcher's side. It is made before anything of the shard is, in its folder but
/// without its name, so that a launch that fails leaves alone what has the name, and a killed launcher leaves
/// nothing (on a filesystem that has no unnamed files: .nslaunch-ID.pcap).
class CaptureFile {
 public:
  /// `id` is the shard's; `warning` may be empty, and must outlive the file like `spec`. Throws UsageError
  /// where FILE is there and no regular file, Error where it can't be made or replaced.
  CaptureFile(const CaptureSpec& spec, const std::string& id,
              const std::function<void(std::string_view)>& warning);
  CaptureFile(const CaptureFile&) = delete;
  CaptureFile& operator=(const CaptureFile&) = delete;
  /// A run that has not succeeded, of whatever reason, has its file from here on.
  ~CaptureFile();

  int fd() const noexcept { return file_.get(); }
  /// All that must stay open.
  std::vector<int> descriptors() const { return {file_.get(), folder_.get()}; }

  /// From here on FILE is this run's, or not there yet.
  void command_started() noexcept;
  void command_succeeded() noexcept { wanted_ = false; }

 private:
  void check_place() const;
  void make();
  void publish();
  void remove_earlier() const;

  const CaptureSpec& spec_;
  const std::function<void(std::string_view)>& warning_;
  std::string name_;       ///< in its folder
  std::string temporary_;  ///< likewise, where it must have a name before it gets its own
  sys::Fd folder_;
  sys::Fd file_;
  bool has_temporary_ = false;
  bool wanted_ = false;  ///< it is to get its name at the end
};

}  // namespace nslaunch::shard
