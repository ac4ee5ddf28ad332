#pragma once

#include <nslaunch/spec.hpp>

#include <string>
#include <vector>

#include "sys/directory.hpp"
#include "sys/pending_file.hpp"

namespace nslaunch::shard {

/// The folder that overlayfs needs on the file system that keeps changes, for itself alone: `work` in one of
/// our own, which is made here, and gone at the end of the scope. Only the launcher's copy of it comes to
/// one. In a place of the user's it is that user's, and all is done by descriptor, as that user.
class WorkFolder {
 public:
  WorkFolder() noexcept = default;
  /// A new one beside the folder that keeps the changes; overlayfs works there as `user`, where that is
  /// another than the caller. Throws Error.
  WorkFolder(const sys::Directory& keeping, std::string name, const sys::BeforeMaking& before_making,
             const UserIds* user);
  WorkFolder(WorkFolder&& other) noexcept = default;
  WorkFolder& operator=(WorkFolder&& other) noexcept;
  ~WorkFolder() { remove(); }

  static constexpr const char* kWork = "work";

  const std::string& name() const noexcept { return name_; }
  const sys::Directory& folder() const noexcept { return folder_; }
  void add_descriptors(std::vector<int>& all) const;

 private:
  void remove() noexcept;

  std::string name_;
  bool is_for_user_ = false;
  sys::Directory place_;
  sys::Directory folder_;
};

}  // namespace nslaunch::shard
