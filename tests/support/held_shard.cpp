#include "support/held_shard.hpp"

#include <stdexcept>

#include "support/identity.hpp"

namespace nslaunch::test {
namespace {

Words words_of(const std::string& mark, const std::string& end, Words options) {
  const std::string script = "exec 3< <(exec " + probe_binary() +
                             " echo 127.0.0.1 9926 $0); read up <&3; echo left >/tmp/file; "
                             "echo $NSLAUNCH_ID; " +
                             end;
  options.insert(options.end(), {"--hold-on-failure=1h", "--", "bash", "-c", script, mark});
  return nslaunch(std::move(options));
}

}  // namespace

HeldShard::HeldShard(const std::string& end, Words options)
    : launcher(words_of(mark, end, std::move(options)), registry.options()), id(launcher.read_line()) {
  await_hold(registry, id);
}

Result HeldShard::exec(const std::string& script) const {
  return run(nslaunch({"exec", id, "--", "sh", "-c", script}), registry.options());
}

void await_hold(const RegistryView& registry, const std::string& id) {
  if (!eventually([&] { return registry.state(id) == "held"; })) {
    throw std::runtime_error("not held, but " + registry.state(id) + ": " + id);
  }
}

}  // namespace nslaunch::test
