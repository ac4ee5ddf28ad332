#include "shard/work_folder.hpp"

#include "sys/check.hpp"
#include "sys/text.hpp"

namespace nslaunch::shard {

WorkFolder::WorkFolder(const sys::Directory& keeping, std::string name,
                       const sys::BeforeMaking& before_making)
    : name_(std::move(name)) {
  try {
    place_ = keeping.parent();
    if (before_making) before_making(place_.fd(), name_);
    folder_ = place_.make(name_, 0700);
    if (before_making) before_making(folder_.fd(), {});
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("making {}, which overlayfs works in", sys::escape(name_)),
                "It lies beside the folder that keeps the changes: choose that one where you can write.");
  }
}

WorkFolder& WorkFolder::operator=(WorkFolder&& other) noexcept {
  if (this == &other) return *this;
  remove();
  name_ = std::move(other.name_);
  place_ = std::move(other.place_);
  folder_ = std::move(other.folder_);
  return *this;
}

void WorkFolder::add_descriptors(std::vector<int>& all) const {
  all.insert(all.end(), {place_.fd(), folder_.fd()});
}

void WorkFolder::remove() noexcept {
  if (!folder_) return;
  folder_.remove_contents();
  place_.remove(name_, folder_);
}

}  // namespace nslaunch::shard
