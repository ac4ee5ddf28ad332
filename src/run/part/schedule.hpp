#pragma once

#include <cstddef>
#include <deque>
#include <optional>

namespace nslaunch::run {

struct Policy {
  unsigned retries = 0;
  unsigned repeat = 1;
  bool until_fail = false;
};

/// One attempt at one repetition of one part.
struct Turn {
  std::size_t part = 0;
  unsigned repetition = 1;
  unsigned attempt = 1;
};

/// What to run next: first the retries of failed parts, then one repetition of all parts after another.
class Schedule {
 public:
  Schedule(std::size_t parts, const Policy& policy) noexcept : parts_(parts), policy_(policy) {}

  /// Empty if there is nothing to start, now or ever.
  std::optional<Turn> next();
  /// Returns true if this settles the part, false if it gets another attempt.
  bool settle(const Turn& turn, bool passed);
  /// Starts nothing more. An attempt that ends afterwards settles its part.
  void stop() noexcept;
  /// True if no first attempt and no retry is left to start.
  bool exhausted() const noexcept;
  /// How many are to be settled; 0 if unknown.
  std::size_t total() const noexcept { return policy_.until_fail ? 0 : parts_ * policy_.repeat; }

 private:
  std::size_t parts_;
  Policy policy_;
  std::size_t started_ = 0;  ///< first attempts
  std::deque<Turn> again_;
  bool stopped_ = false;
};

}  // namespace nslaunch::run
