#include "cli/run/overlay_spec.hpp"

#include <nslaunch/error.hpp>

#include "sys/base/check.hpp"
#include "sys/base/text.hpp"

namespace nslaunch::cli {

OverlaySpec parse_overlay(const std::string& text, const std::string& where) {
  const auto equals = text.rfind('=');
  OverlaySpec overlay{.path = text.substr(0, equals), .keep = {}};
  if (equals != std::string::npos) overlay.keep = text.substr(equals + 1);
  if (overlay.path.empty()) {
    throw UsageError(fmt::format("{}'{}' names no directory to cover", where, sys::escape(text)),
                     "For example: --overlay . or --overlay .=../changes");
  }
  return overlay;
}

}  // namespace nslaunch::cli
