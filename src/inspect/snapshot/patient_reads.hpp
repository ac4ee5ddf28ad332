#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sys/process/forked.hpp"

namespace nslaunch::inspect {

/// What is done where no child can be had, at a limit on processes for example.
enum class WithoutChild {
  kReadNone,
  kReadAnyway,  ///< for a reader whom somebody else ends if it is kept waiting
};

/// Reads of /proc that whoever is looked at may keep waiting for ever (K33). A child does all of them: one
/// that keeps it waiting costs a second, all of them together 3.
class PatientReads {
 public:
  /// Begins to read what `read` says of each number below `count`: a text without zero bytes. The caller must
  /// have one thread only.
  PatientReads(std::size_t count, std::function<std::string(std::size_t)> read,
               WithoutChild without_child = WithoutChild::kReadNone);
  /// What was read of each, nothing where it could not be; `why_not` is for those.
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
