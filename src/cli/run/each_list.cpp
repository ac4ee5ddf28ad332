#include "cli/run/each_list.hpp"

#include <nslaunch/engine.hpp>
#include <nslaunch/error.hpp>
#include <nslaunch/given_file.hpp>

#include <algorithm>
#include <iostream>
#include <sstream>

#include "sys/base/check.hpp"
#include "sys/base/text.hpp"

namespace nslaunch::cli {
namespace {

constexpr unsigned kMostShards = 100'000;

std::vector<std::string> lines_of(std::istream& input) {
  std::vector<std::string> lines;
  for (std::string line; std::getline(input, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<std::string> read_list(const Arguments& arguments, const UserIds* reader) {
  const auto path = arguments.text("each");
  if (path == "-") return lines_of(std::cin);
  std::istringstream file(
      read_given_file({path, fmt::format("reading {} for {}", sys::escape(path), arguments.written("each")),
                       "It takes a file with one shard a line, or '-' for the standard input."},
                      reader));
  return lines_of(file);
}

std::vector<Part> parts_of_list(const Arguments& arguments, const ShardSpec& own) {
  const auto lines = read_list(arguments, other_user(own));
  if (lines.empty())
    throw UsageError(fmt::format("{} {}: it has no lines", arguments.written("each"),
                                 sys::escape(arguments.text("each"))));
  const auto most = std::min<std::size_t>(kMostParts, std::size_t{kMostShards} * own.shard_total);
  if (lines.size() > most) {
    throw UsageError(
        fmt::format("{} {}: its {} lines are more shards than the {} that can be", arguments.written("each"),
                    sys::escape(arguments.text("each")), lines.size(), most),
        "Let each line name more of the work, or give each machine its part: --shard I/N.");
  }
  const auto total = static_cast<unsigned>(lines.size());
  std::vector<Part> parts;
  // Every shard_total-th line, so that neighbours, which are often alike, do not all end up in one place.
  for (unsigned index = own.shard_index; index <= total; index += own.shard_total)
    parts.push_back({.index = index, .total = total, .name = lines[index - 1], .line = lines[index - 1]});
  return parts;
}

std::vector<Part> equal_parts(unsigned count, const ShardSpec& own) {
  if (own.shard_total > kMostParts / count) {
    throw UsageError(fmt::format("{} shards in each of {} parts: the most of a suite is {}", count,
                                 own.shard_total, kMostParts),
                     "Split it into fewer.");
  }
  const auto prefix = own.name.empty() ? std::string("shard") : own.name;
  std::vector<Part> parts;
  for (unsigned part = 1; part <= count; ++part) {
    const unsigned index = (own.shard_index - 1) * count + part;
    parts.push_back(
        {.index = index, .total = own.shard_total * count, .name = fmt::format("{}-{}", prefix, index)});
  }
  return parts;
}

}  // namespace

std::vector<Part> read_parts(const Arguments& arguments, const ShardSpec& own) {
  if (!arguments.has("each"))
    return equal_parts(static_cast<unsigned>(arguments.number("shards", 1, kMostShards, 1)), own);
  if (arguments.has("shards")) {
    throw UsageError(fmt::format("{} and {} each say what the shards are", arguments.written("shards"),
                                 arguments.written("each")),
                     "Leave one of them out; how many run at once is for --jobs to say.");
  }
  return parts_of_list(arguments, own);
}

}  // namespace nslaunch::cli
