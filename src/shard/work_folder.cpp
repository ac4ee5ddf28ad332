#include "shard/work_folder.hpp"

#include <sys/stat.h>

#include <filesystem>

#include "sys/check.hpp"
#include "sys/text.hpp"

namespace nslaunch::shard {

WorkFolder::WorkFolder(std::string path) : path_(std::move(path)) {
  if (::mkdir(path_.c_str(), 0700) == 0) return;
  throw Error(sys::errno_code(errno), fmt::format("making {}, which overlayfs works in", sys::escape(path_)),
              "It lies beside the folder that keeps the changes: choose that one where you can write.");
}

WorkFolder::~WorkFolder() {
  if (path_.empty()) return;
  std::error_code ignored;
  // The one that overlayfs makes in it can't be read.
  std::filesystem::permissions(path_ + "/work", std::filesystem::perms(0700), ignored);
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace nslaunch::shard
