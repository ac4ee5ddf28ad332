#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sys/process/forked.hpp"

namespace nslaunch::inspect {

/// What to do if no child can be created, at a limit on processes for example.
enum class WithoutChild {
  kReadNone,
  kReadAnyway,  ///< for a reader that another process kills if it blocks
};

/// Reads of /proc that the process looked at may block forever (K33). A child does all of them: a read that
/// blocks costs a second, all of them together 3.
class PatientReads {
 public:
  /// Starts to collect what `read` returns for each number below `count`: a text without zero bytes. The
  /// caller must have only one thread.
  PatientReads(std::size_t count, std::function<std::string(std::size_t)> read,
               WithoutChild without_child = WithoutChild::kReadNone);
  /// The text for each number, nullopt if it could not be read; `why_not` has the reason.
  std::vector<std::optional<std::string>> take();
  bool had_no_child() const noexcept { return had_no_child_; }
  const std::string& why_not() const noexcept { return why_not_; }

 private:
  void begin(std::size_t first);

  std::size_t count_;
  std::function<std::string(std::size_t)> read_;
  WithoutChild without_child_;
  std::optional<sys::ChildWork> work_;
  bool had_no_child_ = false;
  std::string why_not_ = "whoever reads it is kept waiting";
};

}  // namespace nslaunch::inspect
