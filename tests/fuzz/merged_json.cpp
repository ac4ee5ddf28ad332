// Reports of --report-json from several machines, made one.
#include "cli/merge/merge_json.hpp"

#include "input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto texts = fuzz::Input(data, size).words();
  std::vector<nslaunch::cli::ReadReport> reports;
  for (const auto& text : texts)
    reports.push_back({"part-" + std::to_string(reports.size()) + ".json", text});
  if (reports.empty()) return 0;
  fuzz::works([&] {
    const auto merged = nslaunch::cli::merge_json(reports);
    const auto again = nslaunch::cli::merge_json({{"merged.json", merged.text}});
    fuzz::require(!again.text.empty(), "what was merged can be merged");
    for (const auto& problem : merged.problems) fuzz::require_harmless(problem);
  });
  return 0;
}
