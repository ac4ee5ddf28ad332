#pragma once

#include <functional>
#include <string>
#include <vector>

#include "support/reported_run.hpp"

namespace nslaunch::test {

/// What writes a file that the caller has named.
struct Writer {
  std::string option;
  std::function<Words(const std::string& path)> words;
  Words environment{};
};

/// Every option and variable that has nslaunch write a file.
std::vector<Writer> report_writers();
StartOptions options_of(const Writer& writer, const ReportedRun& run);

}  // namespace nslaunch::test
