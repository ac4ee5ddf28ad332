// The variables by which a CI engine tells a job which part it is.
#include <nslaunch/engine.hpp>

#include <nslaunch/spec.hpp>

#include "cli/run/each_list.hpp"
#include "input.hpp"

namespace {

using namespace nslaunch;

/// What such a part is split into further is within the whole, too.
void try_to_split(const EnginePart& part, unsigned shards) {
  cli::Arguments arguments;
  arguments.add("shards", std::to_string(shards));
  ShardSpec own;
  own.shard_index = part.index;
  own.shard_total = part.total;
  unsigned before = 0;
  for (const auto& each : cli::read_parts(arguments, own)) {
    fuzz::require(each.index > before && each.index <= each.total,
                  "the parts of a part are in order, within the whole");
    before = each.index;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const auto shards = 1 + input.number();
  const auto environment = input.words();
  fuzz::works([&] {
    const auto part = detect_engine(environment);
    fuzz::require(part.index >= 1 && part.index <= part.total, "a part is one of those that there are");
    try_to_split(part, shards);
  });
  return 0;
}
