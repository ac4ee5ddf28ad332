#include "support/own_directory.hpp"

#include <unistd.h>

#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

namespace nslaunch::test {
namespace {

/// Of the process that has made them: a child that ends leaves them alone.
struct OpenScopes {
  ~OpenScopes() {
    std::error_code ignored;
    if (::getpid() != pid) return;
    for (const auto& path : paths) std::filesystem::remove_all(path, ignored);
  }
  pid_t pid = ::getpid();
  std::set<std::string> paths;
};

OpenScopes& open_scopes() {
  static OpenScopes all;
  return all;
}

}  // namespace

OwnDirectory::OwnDirectory(std::string path) : path_(std::move(path)) {
  open_scopes().paths.insert(path_);
}

OwnDirectory::~OwnDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
  open_scopes().paths.erase(path_);
}

}  // namespace nslaunch::test
