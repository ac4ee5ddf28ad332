#include "inspect/snapshot/patient_reads.hpp"

#include <nslaunch/error.hpp>

#include <chrono>
#include <string_view>
#include <utility>

#include "sys/base/clock.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::inspect {
namespace {

constexpr std::chrono::milliseconds kLimitOfOne{1000};
constexpr std::chrono::milliseconds kLimitOfAll{3000};

}  // namespace

PatientReads::PatientReads(std::size_t count, std::function<std::string(std::size_t)> read,
                           WithoutChild without_child)
    : count_(count), read_(std::move(read)), without_child_(without_child) {
  begin(0);
}

void PatientReads::begin(std::size_t first) {
  work_.reset();
  if (first == count_) return;
  try {
    work_.emplace([this, first](int out) {
      for (auto at = first; at < count_; ++at) sys::write_all(out, read_(at) + '\0');
    });
  } catch (const Error& error) {  // e.g. at a limit of the shard's
    had_no_child_ = true;
    why_not_ = error.what();
  }
}

std::vector<std::optional<std::string>> PatientReads::take() {
  std::vector<std::optional<std::string>> texts;
  const sys::Deadline deadline(kLimitOfAll);
  while (work_ && !deadline.passed()) {
    std::string last;
    work_->read(kLimitOfOne, deadline, [&](std::string_view chunk) {
      for (auto end = chunk.find('\0'); end != chunk.npos; end = chunk.find('\0')) {
        last.append(chunk.substr(0, end));
        texts.emplace_back(std::exchange(last, {}));
        chunk.remove_prefix(end + 1);
      }
      last.append(chunk);
      return true;
    });
    if (texts.size() < count_) texts.emplace_back(std::nullopt);
    begin(texts.size());
  }
  const bool alone = had_no_child_ && without_child_ == WithoutChild::kReadAnyway;
  while (alone && texts.size() < count_) texts.emplace_back(read_(texts.size()));
  work_.reset();
  texts.resize(count_);
  return texts;
}

}  // namespace nslaunch::inspect
