// What launcher, init and clients say to each other, heard from a peer that says anything.
#include <unistd.h>

#include "input.hpp"
#include "shard/wire/protocol.hpp"
#include "sys/process/channel.hpp"

namespace {

using namespace nslaunch;

void hear(const std::string& bytes) {
  auto [here, there] = sys::make_channel();
  if (::write(there.get(), bytes.data(), bytes.size()) < 0) return;
  there.reset();
  std::vector<sys::Fd> descriptors;
  const auto message = shard::receive(here.get(), true, &descriptors);
  fuzz::require(descriptors.empty(), "what was not sent does not come");
  if (message) fuzz::require(message->payload.size() <= bytes.size(), "a payload is what was sent");
  fuzz::require(!shard::receive(here.get()), "a peer that has gone is known to have");
}

void unpack_all(const std::string& payload) {
  const auto words = shard::unpack(payload);
  fuzz::require(shard::unpack(shard::pack(words)) == words, "words are the same when they are packed again");
  shard::unpack_listeners(payload);
  shard::unpack_sysctls(payload);
  shard::unpack_leak(payload);
  shard::unpack_capture(payload);
  if (const auto request = shard::unpack_process_request(payload)) {
    const auto again = shard::unpack_process_request(shard::pack(*request));
    fuzz::require(again && again->directory == request->directory && again->variables == request->variables &&
                      again->command == request->command,
                  "a request is the same when it is packed again");
  }
  if (const auto socket = shard::unpack_socket(payload)) {
    const auto again = shard::unpack_socket(shard::pack(*socket));
    fuzz::require(again && again->kind == socket->kind && again->address == socket->address &&
                      again->port == socket->port,
                  "a request for a socket is the same when it is packed again");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = fuzz::Input(data, size).text();
  hear(bytes);
  unpack_all(bytes);
  return 0;
}
