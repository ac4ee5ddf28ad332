#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace nslaunch::cli {

/// Which parts of a suite have been reported, and by which file.
class PartsSeen {
 public:
  struct Place {
    unsigned index;  ///< from 1
    unsigned total;
    unsigned repetition;
  };
  void add(const Place& place, const std::string& file);

  /// Parts that no file has, in order. If the files disagree on the total, the highest one counts.
  std::vector<unsigned> missing() const;
  /// One sentence each: parts that are missing or reported twice, totals that contradict each other.
  std::vector<std::string> problems() const;

 private:
  std::map<unsigned, std::string> totals_;  ///< with the first file that states it
  std::map<std::pair<unsigned, unsigned>, std::vector<std::string>> files_;
};

}  // namespace nslaunch::cli
