#pragma once

#include <sys/resource.h>

#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace nslaunch::sys {

/// Owns one file descriptor. Every descriptor that nslaunch opens is close-on-exec.
class Fd {
 public:
  Fd() noexcept = default;
  explicit Fd(int number) noexcept : number_(number) {}
  Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) reset(std::exchange(other.number_, -1));
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  int get() const noexcept { return number_; }
  explicit operator bool() const noexcept { return number_ >= 0; }
  int release() noexcept { return std::exchange(number_, -1); }
  void reset(int number = -1) noexcept;

 private:
  int number_ = -1;
};

struct Pipe {
  Fd read;
  Fd write;
};

Pipe make_pipe();

/// The number of our own descriptor that a path names: /dev/stdin, /dev/fd/N or /proc/self/fd/N, with nothing
/// after it.
std::optional<int> descriptor_named(std::string_view path) noexcept;

/// Fills those of 0, 1 and 2 that are closed with close-on-exec placeholders, so that nothing opened
/// later lands there and the command still finds them closed.
void guard_standard_streams();

/// Closes every descriptor of this process except `keep` (in any order; negative numbers are ignored).
void close_all_except(std::vector<int> keep);

/// The open descriptors above 2 that are close-on-exec.
std::vector<int> closed_by_exec();

/// Redirects 0 and 1 to /dev/null, close-on-exec, as far as possible: the command already runs.
void detach_input_and_output() noexcept;

/// The soft limit on descriptors of this process, while it lives: `wanted`, as far as the hard limit allows.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(rlim_t wanted) noexcept;
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;
  ~DescriptorLimit();

  rlim_t now() const noexcept { return now_; }

 private:
  rlimit before_ = {};
  bool changed_ = false;
  rlim_t now_ = RLIM_INFINITY;
};

/// The current soft limit; no limit if it can't be read.
rlim_t descriptor_limit() noexcept;

constexpr rlim_t kEveryDescriptor = RLIM_INFINITY;

}  // namespace nslaunch::sys
