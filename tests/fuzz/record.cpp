// A file of the registry, by its content and by its name.
#include "registry/record/record.hpp"

#include "cli/look/list_json.hpp"
#include "cli/look/list_table.hpp"
#include "input.hpp"
#include "registry/place/names.hpp"

namespace {

using namespace nslaunch;

void try_name(const std::string& name) {
  const auto id = registry::id_of(name);
  if (registry::kind_of(name) != registry::NameKind::kRecord) return;
  fuzz::require(is_valid_id(id) && registry::record_name(id) == name, "a record's name is made of its id");
}

/// As `list` shows it.
void try_to_show(registry::Decoded decoded) {
  std::vector<ShardEntry> shards(1);
  shards[0].record = std::move(decoded.record);
  shards[0].state = decoded.state;
  shards[0].problem = decoded.problem;
  const std::vector<run::Overview> overviews(1);
  fuzz::require_harmless(cli::shards_as_json(shards, overviews), "\n");
  fuzz::require_harmless(cli::shard_table(shards, overviews, {.width = 100, .with_user = true}), "\n");
  fuzz::require_harmless(cli::shard_table(shards, overviews, {}), "\n\t");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::Input(data, size).text();
  try_name(text);
  const auto decoded = registry::decode(text);
  try_to_show(decoded);
  fuzz::require(decoded.problem.empty() == (decoded.condition == registry::Condition::kGood),
                "a record is good, or it is said what it is");
  if (decoded.condition != registry::Condition::kGood) return 0;
  const auto written = registry::encode(decoded.record, decoded.state);
  const auto again = registry::decode(written);
  fuzz::require(again.condition == registry::Condition::kGood && again.state == decoded.state,
                "what is written can be read");
  fuzz::require(again.record.launcher == decoded.record.launcher && again.record.init == decoded.record.init,
                "the processes are those that were written");
  fuzz::require(registry::encode(again.record, again.state) == written, "what was cut is not cut again");
  if (decoded.record.id.size() <= 64)
    fuzz::require(written.size() <= registry::kRecordLimit, "a record is not longer than what is read");
  return 0;
}
