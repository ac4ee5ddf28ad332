#include "bench/setup.hpp"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

#include "bench/interrupt.hpp"

namespace nslaunch::bench {
namespace {

namespace fs = std::filesystem;

Account find_account(const std::string& name) {
  const auto* entry = getpwnam(name.c_str());
  if (entry == nullptr) throw std::invalid_argument("there is no user '" + name + "'");
  return {name, entry->pw_uid, entry->pw_gid};
}

std::size_t read_count(const std::string& option, const std::string& text) {
  if (text.empty() || text.size() > 6 || text.find_first_not_of("0123456789") != std::string::npos)
    throw std::invalid_argument(option + " takes a number, not '" + text + "'");
  return std::stoul(text);
}

std::vector<Role> make_roles(const std::string& user) {
  if (geteuid() != 0) return {{"as an ordinary user", std::nullopt}};
  return {{"as root", std::nullopt}, {"rootless", find_account(user)}};
}

}  // namespace

Scratch::Scratch() {
  std::string name = fs::temp_directory_path() / "nslaunch-bench-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) check(-1, "making " + name);
  path_ = name;
  fs::permissions(path_, fs::perms{0711});
}

Scratch::~Scratch() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path Scratch::fresh_directory(const std::string& name, const std::optional<Account>& owner) const {
  auto directory = path_ / name;
  fs::remove_all(directory);
  fs::create_directory(directory);
  fs::permissions(directory, fs::perms::owner_all);
  if (owner) check(chown(directory.c_str(), owner->uid, owner->gid), "giving away " + directory.string());
  return directory;
}

Setup read_options(const std::vector<std::string>& words) {
  Setup setup;
  setup.self = fs::read_symlink("/proc/self/exe");
  const auto here = fs::path(setup.self).parent_path();
  setup.floor = here / "nslaunch_floor";
  setup.nslaunch = here.parent_path() / "nslaunch";
  std::string user = "nobody";
  for (std::size_t i = 0; i < words.size(); i += 2) {
    const auto& option = words[i];
    if (i + 1 == words.size()) throw std::invalid_argument(option + " takes a value");
    const auto& value = words[i + 1];
    if (option == "--rounds")
      setup.rounds = read_count(option, value);
    else if (option == "--shards")
      setup.shards = read_count(option, value);
    else if (option == "--user")
      user = value;
    else if (option == "--nslaunch")
      setup.nslaunch = fs::absolute(value);
    else if (option == "--floor")
      setup.floor = fs::absolute(value);
    else
      throw std::invalid_argument("there is no option '" + option + "'");
  }
  setup.roles = make_roles(user);
  return setup;
}

void use_fresh_registry(const Scratch& scratch, const Role& role) {
  setenv("NSLAUNCH_STATE_DIR", scratch.fresh_directory("state", role.account).c_str(), 1);
}

}  // namespace nslaunch::bench
