// The file of --each, and --shards, divided between machines that have a part each.
#include <nslaunch/spec.hpp>

#include "cli/run/each_list.hpp"
#include "input.hpp"
#include "memory_file.hpp"

namespace {

using namespace nslaunch;

std::size_t lines_in(const std::string& text) {
  std::size_t lines = 0;
  bool empty = true;
  for (std::size_t at = 0; at <= text.size(); ++at) {
    if (at < text.size() && text[at] != '\n') {
      const bool ends_line = text[at] == '\r' && (at + 1 == text.size() || text[at + 1] == '\n');
      empty = empty && ends_line;
      continue;
    }
    lines += empty ? 0 : 1;
    empty = true;
  }
  return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const unsigned machines = 1 + input.number() % 4;
  const auto text = input.text();
  const fuzz::MemoryFile file(text);
  cli::Arguments arguments;
  arguments.add("each", file.path());
  std::vector<unsigned> seen(lines_in(text), 0);
  for (unsigned machine = 1; machine <= machines; ++machine) {
    ShardSpec own;
    own.shard_index = machine;
    own.shard_total = machines;
    const bool has_lines = fuzz::works([&] {
      for (const auto& part : cli::read_parts(arguments, own)) {
        fuzz::require(part.index >= 1 && part.index <= seen.size() && part.total == seen.size(),
                      "a part is one of the list's lines");
        fuzz::require(part.line && !part.line->empty() && part.line->find('\n') == std::string::npos,
                      "a part's line is one line");
        ++seen[part.index - 1];
      }
    });
    fuzz::require(has_lines == !seen.empty(), "a list without lines is refused, and no other");
  }
  for (const auto times : seen) fuzz::require(times == 1, "each line is the part of one machine");
  return 0;
}
