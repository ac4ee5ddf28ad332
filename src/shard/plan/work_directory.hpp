#pragma once

#include <nslaunch/spec.hpp>

#include <string>
#include <vector>

#include "sys/files/directory.hpp"
#include "sys/files/pending_file.hpp"

namespace nslaunch::shard {

/// The directory that overlayfs needs for itself on the file system that keeps changes: `work` in a directory
/// of our own, which is created here and removed at the end of the scope. Only the launcher's copy reaches
/// that end. In a directory of the user's it belongs to that user, and everything is done by descriptor, as
/// that user.
class WorkDirectory {
 public:
  struct For {
    const UserIds* user = nullptr;  ///< the user that overlayfs works as there; nullptr: the caller
    /// Root alone has decided where it lies: if only root may create it, root does.
    bool is_in_roots_place = true;
  };

  WorkDirectory() noexcept = default;
  /// Creates one beside the directory that keeps the changes. Throws Error.
  WorkDirectory(const sys::Directory& keeping, std::string name, const sys::BeforeMaking& before_making,
                const For& whom);
  WorkDirectory(WorkDirectory&& other) noexcept = default;
  WorkDirectory& operator=(WorkDirectory&& other) noexcept;
  ~WorkDirectory() { remove(); }

  static constexpr const char* kWork = "work";

  const std::string& name() const noexcept { return name_; }
  const sys::Directory& directory() const noexcept { return directory_; }
  /// False: it is left behind if this process is killed.
  bool is_noted() const noexcept { return is_noted_; }
  void add_descriptors(std::vector<int>& all) const;

 private:
  void remove() noexcept;

  std::string name_;
  bool is_noted_ = true;
  bool is_for_user_ = false;
  bool is_in_anothers_ = false;  ///< the user's own, in a directory that is not
  sys::Directory place_;
  sys::Directory directory_;
};

}  // namespace nslaunch::shard
