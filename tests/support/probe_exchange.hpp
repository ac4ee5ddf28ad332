#pragma once

#include <cstddef>
#include <string>

namespace nslaunch::test {

/// What the client of an exchange sends, and gets back.
inline std::string exchange_text(std::size_t size) {
  std::string text(size, 0);
  std::size_t state = 1;
  for (auto& letter : text) {
    state = state * 1103515245 + 12345;
    letter = static_cast<char>(state >> 16);
  }
  return text;
}

/// Two processes and a TCP connection: the client sends `size` bytes and its end of file, the server sends
/// them back, both close. 0 when the client has got all of them back and both have ended.
int exchange(const char* address, const char* port, std::size_t size);

/// Sends one UDP datagram to `port`, and takes it there.
int datagram(const char* address, const char* port, const char* text);

}  // namespace nslaunch::test
