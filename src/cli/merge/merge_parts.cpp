#include "cli/merge/merge_parts.hpp"

#include <algorithm>
#include <iterator>
#include <set>

#include "sys/base/check.hpp"
#include "sys/base/text.hpp"

namespace nslaunch::cli {

void PartsSeen::add(const Place& place, const std::string& file) {
  totals_.emplace(place.total, file);
  files_[{place.index, place.repetition}].push_back(file);
}

std::vector<unsigned> PartsSeen::missing() const {
  std::set<unsigned> there;
  for (const auto& [place, files] : files_) there.insert(place.first);
  std::vector<unsigned> missing;
  const unsigned total = totals_.empty() ? 0 : totals_.rbegin()->first;
  for (unsigned index = 1; index <= total; ++index) {
    if (there.count(index) == 0) missing.push_back(index);
  }
  return missing;
}

std::vector<std::string> PartsSeen::problems() const {
  std::vector<std::string> problems;
  if (totals_.size() > 1) {
    problems.push_back(fmt::format("{} is of {} parts, {} of {}: they are not of one suite",
                                   sys::escape(totals_.begin()->second), totals_.begin()->first,
                                   sys::escape(totals_.rbegin()->second), totals_.rbegin()->first));
  }
  for (const auto& [place, files] : files_) {
    if (files.size() > 1)
      problems.push_back(fmt::format("part {} was reported more than once: by {} and {}", place.first,
                                     sys::escape(files[0]), sys::escape(files[1])));
  }
  const auto lost = missing();
  constexpr std::size_t kMostNamed = 20;
  const std::vector<unsigned> named(
      lost.begin(), lost.begin() + static_cast<std::ptrdiff_t>(std::min(lost.size(), kMostNamed)));
  if (!lost.empty()) {
    problems.push_back(fmt::format("{} of {} parts never reported: {}{}", lost.size(),
                                   totals_.rbegin()->first, fmt::join(named, ", "),
                                   lost.size() > named.size() ? ", ..." : ""));
  }
  return problems;
}

}  // namespace nslaunch::cli
