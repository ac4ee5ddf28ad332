#include "support/tampered.hpp"

namespace nslaunch::test {

bool can_tamper() {
  return run({"sh", "-c", "strace -o /dev/null true"}).status == 0;
}

Words tampered(const Words& injections, const Words& words) {
  std::string calls;
  for (const auto& injection : injections) {
    if (!calls.empty()) calls += ",";
    calls += injection.substr(0, injection.find(':'));
  }
  // A sanitizer's look for leaks needs to trace, too.
  Words all = {"strace",        "-f", "-qq", "-o", "/dev/null", "-E", "ASAN_OPTIONS=detect_leaks=0", "-e",
               "trace=" + calls};
  for (const auto& injection : injections) all.insert(all.end(), {"-e", "inject=" + injection});
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

Words tampered(const std::string& injection, const Words& words) {
  return tampered(Words{injection}, words);
}

}  // namespace nslaunch::test
