#include "cli/common/print.hpp"

#include <unistd.h>
#include <nslaunch/error.hpp>

#include "sys/base/check.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::cli {

void print(const std::string& text, const char* doing) {
  if (const int error = sys::write_all(STDOUT_FILENO, text); error != 0)
    throw Error(sys::errno_code(error), doing);
}

}  // namespace nslaunch::cli
