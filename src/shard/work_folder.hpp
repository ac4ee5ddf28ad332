#pragma once

#include <string>
#include <utility>

namespace nslaunch::shard {

/// The folder that overlayfs needs on the file system that keeps changes, for itself alone: made here, and
/// gone at the end of the scope. Only the launcher's copy of it comes to one.
class WorkFolder {
 public:
  WorkFolder() noexcept = default;
  /// Throws Error.
  explicit WorkFolder(std::string path);
  WorkFolder(WorkFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  WorkFolder& operator=(WorkFolder&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }
  ~WorkFolder();

  /// Empty: there is none.
  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

}  // namespace nslaunch::shard
