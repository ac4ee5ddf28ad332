#include "shard/plan/plan.hpp"

#include <sys/random.h>

#include "sys/base/check.hpp"

namespace nslaunch {

std::string random_id() {
  std::uint32_t random = 0;
  sys::check(::getrandom(&random, sizeof random, 0), "choosing an id for the shard");
  return fmt::format("{:08x}", random);
}

namespace shard {

std::vector<int> Plan::descriptors() const {
  std::vector<int> all{artifacts.fd()};
  for (const auto& work : overlay_work) work.add_descriptors(all);
  return all;
}

std::vector<int> Plan::outside_directories() const {
  auto all = descriptors();
  for (const auto& [path, directory] : places.private_directories) all.push_back(directory.fd());
  for (const auto& directory : places.covered) all.push_back(directory.fd());
  for (const auto& directory : places.keeping) all.push_back(directory.fd());
  for (const auto& place : places.kept) all.push_back(place.get());
  all.push_back(places.tmp.fd());
  return all;
}

std::string namespace_tokens(const Plan& plan) {
  std::string tokens = "net,pid,mnt,ipc";
  if (plan.privilege_mode != PrivilegeMode::kPrivileged) tokens += ",user";
  return tokens;
}

}  // namespace shard
}  // namespace nslaunch
