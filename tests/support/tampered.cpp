#include "support/tampered.hpp"

namespace nslaunch::test {

bool can_tamper() {
  return run({"sh", "-c", "strace -o /dev/null true"}).status == 0;
}

Words tampered(const std::string& injection, const Words& words) {
  const auto calls = injection.substr(0, injection.find(':'));
  Words all = {"strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + calls, "-e", "inject=" + injection};
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

}  // namespace nslaunch::test
