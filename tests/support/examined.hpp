#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "support/prepared_shard.hpp"
#include "support/privilege_modes.hpp"
#include "support/process.hpp"
#include "support/registry_view.hpp"

namespace nslaunch::test {

/// What `nslaunch doctor --json` has found, as the document and by its steps.
struct Examined {
  explicit Examined(const Result& ended) : result(ended) {
    document = nlohmann::json::parse(result.out, nullptr, false);
    if (document.is_discarded()) throw std::runtime_error("nslaunch doctor: " + result.err + result.out);
  }

  nlohmann::json step(const std::string& name) const { return entry("steps", "step", name); }
  nlohmann::json extra(const std::string& name) const { return entry("extras", "extra", name); }
  /// The first that has failed.
  nlohmann::json failure() const { return entry("steps", "state", "failed"); }
  std::string verdict() const { return document.at("verdict"); }

  Result result;
  nlohmann::json document;

 private:
  nlohmann::json entry(const char* list, const char* key, const std::string& value) const {
    for (const auto& each : document.at(list)) {
      if (each.at(key) == value) return each;
    }
    return {};
  }
};

/// A doctor from whom `prepare` has taken something (StartOptions.prepare).
inline Examined examined(const std::function<void()>& prepare = {}) {
  const RegistryView state;
  auto options = state.options();
  options.environment.emplace_back(kNoLeakSearch);
  options.prepare = prepare;
  return Examined(run(nslaunch({"doctor", "--json"}), options));
}

}  // namespace nslaunch::test
