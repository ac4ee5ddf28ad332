#include "registry/record/header.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>

#include "sys/base/check.hpp"
#include "sys/base/values.hpp"

namespace nslaunch::registry {
namespace {

struct StateName {
  ShardState state;
  char letter;  ///< 0: determined from the processes, never written
  const char* name;
};

constexpr std::string_view kMagic = "nslaunch ";

constexpr StateName kStates[] = {
    {ShardState::kStarting, 'S', "starting"},   {ShardState::kRunning, 'R', "running"},
    {ShardState::kHeld, 'H', "held"},           {ShardState::kStopping, 'T', "stopping"},
    {ShardState::kOrphaned, 0, "orphaned"},     {ShardState::kDead, 0, "dead"},
    {ShardState::kUnreadable, 0, "unreadable"},
};

/// Takes the text up to the next `end`, and `end` itself; nullopt if there is none.
std::optional<std::string_view> take_until(std::string_view& text, char end) {
  const auto at = text.find(end);
  if (at == std::string_view::npos) return std::nullopt;
  const auto taken = text.substr(0, at);
  text.remove_prefix(at + 1);
  return taken;
}

bool take_label(std::string_view& text, std::string_view label) {
  if (!text.starts_with(label)) return false;
  text.remove_prefix(label.size());
  return true;
}

template <typename Number>
bool take_number(std::string_view& text, char end, Number& number) {
  const auto digits = take_until(text, end);
  if (!digits || digits->empty() || digits->front() == '-') return false;
  const auto found = sys::whole_number<Number>(*digits);
  if (found) number = *found;
  return found.has_value();
}

bool take_process(std::string_view& text, std::string_view label, ProcessIdentity& process) {
  return take_label(text, label) && take_number(text, ' ', process.pid) &&
         take_number(text, ' ', process.start_ticks) && take_number(text, '\n', process.pidfd_inode);
}

bool take_origin(std::string_view& text, Header& header) {
  if (!take_label(text, "from ")) return false;
  const auto boot = take_until(text, ' ');
  if (!boot || boot->size() > 64 || !take_number(text, '\n', header.launcher.pidns_inode)) return false;
  header.launcher.boot_id = header.init.boot_id = *boot;
  header.init.pidns_inode = header.launcher.pidns_inode;
  return true;
}

bool take_state(std::string_view& text, ShardState& state) {
  const auto letter = take_until(text, '\n');
  if (!letter || letter->size() != 1) return false;
  const auto* known = std::find_if(std::begin(kStates), std::end(kStates), [&](const StateName& row) {
    return row.letter != 0 && row.letter == letter->front();
  });
  if (known == std::end(kStates)) return false;
  state = known->state;
  return true;
}

/// Whether the text declares a later format, whatever follows the format's number.
bool is_newer(std::string_view text, std::string& problem) {
  if (!take_label(text, kMagic)) return false;
  const auto format = text.substr(0, text.find_first_not_of("0123456789"));
  int number = 0;
  const auto parsed = std::from_chars(format.data(), format.data() + format.size(), number);
  if (parsed.ec != std::errc::result_out_of_range && number <= kFormat) return false;
  problem = fmt::format("written by a newer nslaunch (format {})", format.substr(0, 20));
  return true;
}

}  // namespace

char state_letter(ShardState state) noexcept {
  for (const auto& row : kStates) {
    if (row.state == state) return row.letter;
  }
  return 0;
}

std::string encode(const Header& header) {
  const auto& [state, launcher, init] = header;
  return fmt::format("nslaunch {} {}\ninit {} {} {}\nlauncher {} {} {}\nfrom {} {}\n", kFormat,
                     state_letter(state), std::max(init.pid, 0), init.start_ticks, init.pidfd_inode,
                     std::max(launcher.pid, 0), launcher.start_ticks, launcher.pidfd_inode, launcher.boot_id,
                     launcher.pidns_inode);
}

Condition take_header(std::string_view& text, Header& header, std::string& problem) {
  if (is_newer(text, problem)) return Condition::kNewer;
  int format = 0;
  problem = "damaged";
  const bool good = take_label(text, kMagic) && take_number(text, ' ', format) && format == kFormat &&
                    take_state(text, header.state) && take_process(text, "init ", header.init) &&
                    take_process(text, "launcher ", header.launcher) && take_origin(text, header);
  if (!good) return Condition::kDamaged;
  problem.clear();
  return Condition::kGood;
}

}  // namespace nslaunch::registry

namespace nslaunch {

const char* to_string(ShardState state) noexcept {
  for (const auto& row : registry::kStates) {
    if (row.state == state) return row.name;
  }
  return "unreadable";
}

}  // namespace nslaunch
