#pragma once

#include <string>
#include <vector>

#include "sys/directory.hpp"
#include "sys/pending_file.hpp"

namespace nslaunch::shard {

/// The folder that overlayfs needs on the file system that keeps changes, for itself alone: made here, and
/// gone at the end of the scope. Only the launcher's copy of it comes to one. Its place may be a user's, who
/// can move it but not look into it: all is done by descriptor.
class WorkFolder {
 public:
  WorkFolder() noexcept = default;
  /// A new one beside the folder that keeps the changes. Throws Error.
  WorkFolder(const sys::Directory& keeping, std::string name, const sys::BeforeMaking& before_making);
  WorkFolder(WorkFolder&& other) noexcept = default;
  WorkFolder& operator=(WorkFolder&& other) noexcept;
  ~WorkFolder() { remove(); }

  /// Has the changes lie in it until the end of the scope, out of the reach of whom `keeping`, called so in
  /// its place, belongs to (K60). Then they take the place of that, which must be empty; where it is another
  /// by then, or somebody still has the view, they stay where they are, and the registry's note tells of
  /// them.
  void hold_changes(const sys::Directory& keeping, std::string keeping_name);
  bool holds_changes() const noexcept { return static_cast<bool>(keeping_); }
  static constexpr const char* kWork = "work";  ///< overlayfs's own, where the changes are in here, too

  const std::string& name() const noexcept { return name_; }
  const sys::Directory& folder() const noexcept { return folder_; }
  void add_descriptors(std::vector<int>& all) const;

 private:
  void remove() noexcept;
  bool hand_over() const noexcept;

  std::string name_;
  sys::Directory place_;
  sys::Directory folder_;
  std::string keeping_name_;
  sys::Directory keeping_;
};

}  // namespace nslaunch::shard
