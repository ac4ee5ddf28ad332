#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "sys/base/fd.hpp"

namespace fuzz {

/// A file with this content, for what is read by its path.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view content) : file_(::memfd_create("input", MFD_CLOEXEC)) {
    static_cast<void>(!::write(file_.get(), content.data(), content.size()));
  }
  std::string path() const { return "/proc/self/fd/" + std::to_string(file_.get()); }

 private:
  nslaunch::sys::Fd file_;
};

}  // namespace fuzz
