// Values of options that have parts of their own: ports, services, overlays, captures.
#include "cli/common/port_spec.hpp"
#include "cli/run/option_specs.hpp"
#include "input.hpp"

namespace {

using namespace nslaunch;

std::string in_brackets(const std::string& address) {
  return address.find(':') == std::string::npos ? address : "[" + address + "]";
}

void try_published(const std::string& text) {
  const auto published = cli::parse_published_port(text);
  fuzz::require(published.shard_port != 0, "a port in the shard is a number");
  const auto again =
      cli::parse_published_port(in_brackets(published.host) + ":" + std::to_string(published.port) + ":" +
                                std::to_string(published.shard_port));
  fuzz::require(again.host == published.host && again.port == published.port &&
                    again.shard_port == published.shard_port,
                "a published port is the same when it is written again");
}

void try_reached(const std::string& text) {
  const auto reached = cli::parse_reached_service(text, "--reach: ");
  fuzz::require(reached.port != 0 && reached.shard_port != 0, "both ports are numbers");
  const auto again = cli::parse_reached_service(
      in_brackets(reached.shard_address) + ":" + std::to_string(reached.shard_port) + "=" +
          in_brackets(reached.host) + ":" + std::to_string(reached.port),
      "--reach: ");
  fuzz::require(again.host == reached.host && again.port == reached.port &&
                    again.shard_address == reached.shard_address && again.shard_port == reached.shard_port,
                "a service is the same when it is written again");
}

void try_overlay(const std::string& text) {
  const auto overlay = cli::parse_overlay(text, "--overlay: ");
  fuzz::require(!overlay.path.empty(), "an overlay covers a directory");
  const bool divided = text.find('=') != std::string::npos;
  fuzz::require(overlay.path + (divided ? "=" : "") + overlay.keep == text,
                "nothing of an overlay's text is lost");
}

void try_capture(const std::string& text) {
  cli::Arguments arguments;
  arguments.add("pcap", text);
  const auto capture = cli::read_capture(arguments);
  fuzz::require(!capture.file.empty() && text.starts_with(capture.file),
                "a capture goes to the file that was named");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::Input(data, size).text();
  for (const auto trial : {try_published, try_reached, try_overlay, try_capture})
    fuzz::works([&] { trial(text); });
  return 0;
}
