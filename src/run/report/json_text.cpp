#include "run/report/json_text.hpp"

#include <nlohmann/json.hpp>

namespace nslaunch::run {

std::string json_text(const nlohmann::ordered_json& json) {
  constexpr bool kEscapeAllButAscii = true;
  return json.dump(-1, ' ', kEscapeAllButAscii, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace nslaunch::run
