#include "support/counter.hpp"

#include <stdexcept>

#include "support/identity.hpp"

namespace nslaunch::test {

Counter::Counter(bool on_terminal, const Words& options) {
  StartOptions start;
  start.environment = {"NSLAUNCH_STATE_DIR=" + records_.path()};
  auto words = nslaunch(options);
  words.insert(words.end(), {"--", probe_binary(), "signals"});
  if (on_terminal) {
    pty_.emplace(words, start);
  } else {
    process_.emplace(words, start);
  }
  if (const auto first = line(); first != "ready") throw std::runtime_error("the command said: " + first);
}

std::string Counter::line() {
  if (!pty_) return process_->read_line();
  auto text = pty_->read_until("\n");
  if (!text.empty() && text.back() == '\r') text.pop_back();
  return text;
}

}  // namespace nslaunch::test
