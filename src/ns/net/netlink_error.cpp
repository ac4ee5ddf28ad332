#include "ns/net/netlink_error.hpp"

#include <netlink/errno.h>

#include <string>

namespace nslaunch::ns {

const std::error_category& netlink_category() {
  struct Category : std::error_category {
    const char* name() const noexcept override { return "netlink"; }
    std::string message(int number) const override { return nl_geterror(number); }
  };
  static const Category category;
  return category;
}

}  // namespace nslaunch::ns
