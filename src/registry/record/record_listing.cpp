#include "registry/record/record_listing.hpp"

#include <nslaunch/error.hpp>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "registry/record/record.hpp"
#include "sys/base/check.hpp"

namespace nslaunch::registry {
namespace {

using Json = nlohmann::json;

/// The state is stored beside the record, because a record can't hold every state that a shard can have.
Json to_json(const ShardEntry& entry) {
  return {{"record", encode(entry.record, ShardState::kRunning)},
          {"id", entry.record.id},
          {"state", entry.state},
          {"foreign", entry.foreign},
          {"path", entry.path},
          {"problem", entry.problem}};
}

ShardEntry entry_of(const Json& json) {
  ShardEntry entry;
  json.at("state").get_to(entry.state);
  if (entry.state != ShardState::kUnreadable)
    entry.record = decode(json.at("record").get_ref<const std::string&>()).record;
  json.at("id").get_to(entry.record.id);
  json.at("foreign").get_to(entry.foreign);
  json.at("path").get_to(entry.path);
  json.at("problem").get_to(entry.problem);
  return entry;
}

}  // namespace

std::string to_text(const Listing& listing) {
  Json entries = Json::array();
  for (const auto& entry : listing.entries) entries.push_back(to_json(entry));
  std::string text;
  // CBOR, because JSON can't hold bytes that are not UTF-8, which file names may contain.
  Json::to_cbor({{"entries", std::move(entries)}, {"warnings", listing.warnings}}, text);
  return text;
}

Listing listing_of(std::string_view text) try {
  const auto json = Json::from_cbor(text);
  Listing listing;
  for (const auto& entry : json.at("entries")) listing.entries.push_back(entry_of(entry));
  json.at("warnings").get_to(listing.warnings);
  return listing;
} catch (const Json::exception&) {
  throw Error(sys::errno_code(EBADMSG), "taking over the records that were read");
}

}  // namespace nslaunch::registry
