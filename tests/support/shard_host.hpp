#pragma once

#include <nslaunch/shard.hpp>

#include <catch2/catch.hpp>
#include <chrono>
#include <string>

#include "support/embedded.hpp"
#include "support/registry_scene.hpp"

namespace nslaunch::test {

/// A shard of the test's own process whose command ends when its input does.
struct ShardHost {
  StateDir state;
  Heard heard;
  sys::Pipe input = sys::make_pipe();
  Shard shard;

  explicit ShardHost(ShardSpec spec = shell_spec("echo ready; cat; exit 3"))
      : shard(spec, {.messages = {}, .streams = {.in = input.read.get(), .out = heard.writer()}}) {
    input.read.reset();
    while (!shard.started() && !shard.ended()) shard.wait_for(std::chrono::milliseconds{10});
    REQUIRE(heard.line() == "ready");
  }
  Streams streams() const { return {.in = -1, .out = heard.writer()}; }
  ShardProcess exec(const std::string& script) {
    return shard.exec({.command = {"sh", "-c", script}, .variables = {"SAID=here"}, .streams = streams()});
  }
  int end() {
    input.write.reset();
    return shard.wait().exit_status;
  }
};

}  // namespace nslaunch::test
