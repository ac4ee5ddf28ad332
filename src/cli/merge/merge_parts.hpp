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

  /// Parts that no file has, in order. Where the files do not agree on how many there are: of the most.
  std::vector<unsigned> missing() const;
  /// A sentence for each: parts that are missing or reported twice, totals that contradict each other.
  std::vector<std::string> problems() const;

 private:
  std::map<unsigned, std::string> totals_;  ///< and the first file that says so
  std::map<std::pair<unsigned, unsigned>, std::vector<std::string>> files_;
};

}  // namespace nslaunch::cli
