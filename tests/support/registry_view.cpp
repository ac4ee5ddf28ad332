#include "support/registry_view.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>
#include <stdexcept>

#include "sys/base/check.hpp"

namespace nslaunch::test {

void make_old(const std::string& path) {
  const timespec long_ago[2] = {{1'000'000'000, 0}, {1'000'000'000, 0}};
  sys::check(::utimensat(AT_FDCWD, path.c_str(), long_ago, 0), "ageing a file");
}

StartOptions RegistryView::options() const {
  StartOptions options;
  options.environment = {variable()};
  return options;
}

Result RegistryView::ask(Words words) const {
  return run(nslaunch(std::move(words)), options());
}

nlohmann::json RegistryView::shards() const {
  const auto listed = run(nslaunch({"list", "--json"}), options());
  if (listed.status != 0 || !listed.err.empty()) throw std::runtime_error("nslaunch list: " + listed.err);
  return nlohmann::json::parse(listed.out).at("shards");
}

Words RegistryView::ids() const {
  Words ids;
  for (const auto& shard : shards()) ids.push_back(shard.at("id"));
  return ids;
}

std::string RegistryView::state(const std::string& id) const {
  for (const auto& shard : shards()) {
    if (shard.at("id") == id) return shard.at("state");
  }
  return {};
}

void RegistryView::reap() const {
  const auto reaped = run(nslaunch({"reap"}), options());
  if (reaped.status != 0) throw std::runtime_error("nslaunch reap: " + reaped.err);
}

std::string RegistryView::refusal_of(const Words& options_of_run) const {
  const auto ended = run(in_shard("echo has run", options_of_run), options());
  CHECK(ended.status == 125);
  CHECK(ended.out.empty());
  CHECK(files().empty());
  return ended.err;
}

Words RegistryView::files() const {
  Words names;
  for (const auto& entry : std::filesystem::directory_iterator(path()))
    names.push_back(entry.path().filename());
  return names;
}

}  // namespace nslaunch::test
