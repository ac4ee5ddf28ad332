#include "bench/dead_records.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "bench/forest.hpp"
#include "bench/interrupt.hpp"

namespace nslaunch::bench {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kDigits = 5;

std::string replace_all(std::string text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

// Another id of the same length: whatever its alphabet, it has digits.
std::string numbered(std::string id, std::size_t number) {
  char digits[kDigits + 1];
  std::snprintf(digits, sizeof digits, "%05zu", number % 100'000);
  return id.replace(id.size() - kDigits, kDigits, digits);
}

std::vector<fs::path> regular_files(const fs::path& directory) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(directory))
    if (entry.is_regular_file()) files.push_back(entry.path());
  return files;
}

}  // namespace

DeadRecords::DeadRecords(const Setup& setup, const Role& role, const Contestant& nslaunch,
                         const Scratch& scratch)
    : owner_(role.account) {
  use_fresh_registry(scratch, role);
  directory_ = std::getenv("NSLAUNCH_STATE_DIR");
  {
    Forests shard;
    shard.plant(setup, role, nslaunch, 0);
    shard.wait_until_up();
    const auto files = regular_files(directory_);
    if (files.size() != 1) throw std::runtime_error("expected one record in " + directory_.string());
    take_sample(files[0]);
  }
  use_fresh_registry(scratch, role);
}

void DeadRecords::take_sample(const fs::path& file) {
  file_name_ = file.filename();
  id_ = file_name_.substr(0, file_name_.find('.'));
  std::ifstream stream(file);
  text_.assign(std::istreambuf_iterator<char>(stream), {});
  if (id_.size() < kDigits || text_.find(id_) == std::string::npos)
    throw std::runtime_error("a record without its id: " + file_name_);
}

void DeadRecords::fill(std::size_t count) const {
  throw_if_interrupted();
  for (std::size_t i = 0; i < count; ++i) {
    const auto id = numbered(id_, i);
    const auto path = directory_ / replace_all(file_name_, id_, id);
    if (fs::exists(path)) continue;
    std::ofstream(path) << replace_all(text_, id_, id);
    fs::permissions(path, fs::perms{0600});
    if (owner_) check(chown(path.c_str(), owner_->uid, owner_->gid), "giving away " + path.string());
  }
}

std::size_t DeadRecords::count() const {
  return regular_files(directory_).size();
}

}  // namespace nslaunch::bench
