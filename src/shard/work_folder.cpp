#include "shard/work_folder.hpp"

#include <fcntl.h>
#include <poll.h>

#include <exception>

#include "ns/overlay.hpp"
#include "sys/check.hpp"
#include "sys/clock.hpp"
#include "sys/text.hpp"

namespace nslaunch::shard {
namespace {

/// The kernel may need a moment for what the last process had open; it logs each look.
bool is_without_view(const sys::Directory& upper) {
  const sys::Deadline limit(std::chrono::seconds{1});
  while (ns::has_view(upper)) {
    if (limit.passed()) return false;
    ::poll(nullptr, 0, 20);
  }
  return true;
}

}  // namespace

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
  keeping_name_ = std::move(other.keeping_name_);
  keeping_ = std::move(other.keeping_);
  return *this;
}

void WorkFolder::add_descriptors(std::vector<int>& all) const {
  all.insert(all.end(), {place_.fd(), folder_.fd(), keeping_.fd()});
}

void WorkFolder::hold_changes(const sys::Directory& keeping, std::string keeping_name) {
  const int copy = ::fcntl(keeping.fd(), F_DUPFD_CLOEXEC, 0);
  keeping_ = sys::Directory(sys::Fd(sys::check(copy, "keeping a directory")));
  keeping_name_ = std::move(keeping_name);
}

/// False: they are still here.
bool WorkFolder::hand_over() const noexcept try {
  // A view that was mounted has left something there.
  if (folder_.is_empty() || folder_.open_below(kWork).is_empty()) return true;
  if (!is_without_view(folder_.open_below(sys::kUpperLayer))) return false;
  if (!sys::is_same(place_.find(keeping_name_).get(), keeping_.fd())) return false;
  folder_.move(sys::kUpperLayer, place_, keeping_name_);
  return true;
} catch (const std::exception&) {
  return false;
}

void WorkFolder::remove() noexcept {
  if (!folder_ || (holds_changes() && !hand_over())) return;
  folder_.remove_contents();
  place_.remove(name_, folder_);
}

}  // namespace nslaunch::shard
