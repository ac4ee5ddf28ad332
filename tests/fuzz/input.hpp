#pragma once

#include <nslaunch/error.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace fuzz {

/// The bytes of one try, taken from the front.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}

  /// 0 where none is left.
  unsigned number() {
    if (rest_.empty()) return 0;
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return byte;
  }
  /// All that is left.
  std::string text() const { return std::string(rest_); }
  /// The same, divided by NUL bytes: as arguments and variables are in /proc.
  std::vector<std::string> words() const {
    std::vector<std::string> words;
    for (auto rest = rest_; !rest.empty();) {
      const auto word = rest.substr(0, rest.find('\0'));
      words.emplace_back(word);
      rest.remove_prefix(std::min(word.size() + 1, rest.size()));
    }
    return words;
  }

 private:
  std::string_view rest_;
};

/// What has to hold, whatever the bytes are.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

/// Whatever is wrong with the bytes, it is told as our own errors are: anything else that is thrown ends the
/// try.
template <typename Action>
bool works(Action action) {
  try {
    action();
    return true;
  } catch (const nslaunch::Error&) {
    return false;
  }
}

/// Nothing in it moves a terminal's cursor or changes its colours.
inline void require_harmless(std::string_view shown, std::string_view allowed = {}) {
  for (const char letter : shown) {
    const auto byte = static_cast<unsigned char>(letter);
    const bool is_control = byte < 0x20 || byte == 0x7f;
    require(!is_control || allowed.find(letter) != std::string_view::npos,
            "what is shown has no control characters");
  }
}

}  // namespace fuzz
