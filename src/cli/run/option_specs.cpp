#include "cli/run/option_specs.hpp"

#include <nslaunch/error.hpp>

#include <cstdint>

#include "sys/base/check.hpp"
#include "sys/base/text.hpp"

namespace nslaunch::cli {
namespace {

constexpr std::uint64_t kLeastSize = 4096;

/// Removes ":WORD" from the end of `text`. A colon with anything else after it is part of the name.
bool take_suffix(std::string& text, const std::string& suffix) {
  if (!text.ends_with(suffix)) return false;
  text.resize(text.size() - suffix.size());
  return true;
}

}  // namespace

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

CaptureSpec read_capture(const Arguments& arguments) {
  CaptureSpec capture;
  const auto size = arguments.size("pcap-size");
  if (!arguments.has("pcap")) {
    if (size) throw UsageError("--pcap-size limits the file of --pcap, and there is none");
    return capture;
  }
  capture.file = arguments.text("pcap");
  capture.only_on_failure = take_suffix(capture.file, ":on-failure");
  if (!capture.only_on_failure) take_suffix(capture.file, ":always");
  if (capture.file.empty() || capture.file == "-") {
    throw UsageError(fmt::format("--pcap: '{}' names no file", sys::escape(arguments.text("pcap"))),
                     "For example: --pcap run.pcap, or --pcap run.pcap:on-failure");
  }
  capture.limit = size.value_or(capture.limit);
  if (capture.limit < kLeastSize) throw UsageError("--pcap-size: the least is 4K");
  return capture;
}

}  // namespace nslaunch::cli
