#include "registry/place/names.hpp"

#include <algorithm>

#include "sys/base/check.hpp"
#include "sys/base/text.hpp"

namespace nslaunch {

bool is_valid_id(std::string_view id) {
  constexpr std::size_t kLongest = 64;
  const auto fits = [](char letter) {
    return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
           (letter >= 'A' && letter <= 'Z') || letter == '-' || letter == '_';
  };
  return !id.empty() && id.size() <= kLongest && std::all_of(id.begin(), id.end(), fits);
}

std::string word_for(const ShardRecord& record, uid_t self) {
  const auto id = sys::escape(record.id);
  return record.uid == self ? id : fmt::format("{}/{}", record.uid, id);
}

namespace registry {
namespace {

constexpr std::string_view kRecord = ".shard";
constexpr std::string_view kSocket = ".sock";
constexpr std::string_view kTemporary = ".tmp";
constexpr std::string_view kNote = ".left";

bool is_temporary(std::string_view name) {
  if (!name.starts_with('.') || !name.ends_with(kTemporary)) return false;
  name = name.substr(1, name.size() - 1 - kTemporary.size());
  const auto dot = name.find('.');
  if (dot == std::string_view::npos) return false;
  const auto pid = name.substr(dot + 1);
  return is_valid_id(name.substr(0, dot)) && !pid.empty() &&
         pid.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_id_with(std::string_view name, std::string_view suffix) {
  return name.ends_with(suffix) && is_valid_id(name.substr(0, name.size() - suffix.size()));
}

}  // namespace

NameKind kind_of(std::string_view file_name) {
  if (is_temporary(file_name)) return NameKind::kTemporary;
  if (is_id_with(file_name, kSocket)) return NameKind::kSocket;
  if (file_name.starts_with('.'))
    return is_id_with(file_name.substr(1), kNote) ? NameKind::kNote : NameKind::kIgnored;
  return is_id_with(file_name, kRecord) ? NameKind::kRecord : NameKind::kStranger;
}

std::string id_of(std::string_view file_name) {
  const auto kind = kind_of(file_name);
  if (kind == NameKind::kRecord) file_name.remove_suffix(kRecord.size());
  if (kind == NameKind::kSocket) file_name.remove_suffix(kSocket.size());
  return std::string(file_name);
}

std::string record_name(std::string_view id) {
  return fmt::format("{}{}", id, kRecord);
}
std::string socket_name(std::string_view id) {
  return fmt::format("{}{}", id, kSocket);
}
std::string temporary_name(std::string_view id, pid_t writer, unsigned tried) {
  return fmt::format(".{}.{}{}{}", id, writer, tried == 0 ? "" : std::to_string(tried), kTemporary);
}
std::string note_name(std::string_view id) {
  return fmt::format(".{}{}", id, kNote);
}

}  // namespace registry
}  // namespace nslaunch
