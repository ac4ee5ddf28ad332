#include "shard/diagnose/cause.hpp"

#include <iterator>

#include "sys/base/check.hpp"

namespace nslaunch::shard {
namespace {

constexpr const char* kLayerNames[] = {"",
                                       "seccomp",
                                       "AppArmor",
                                       "security module",
                                       "capabilities",
                                       "sysctl",
                                       "masked /proc",
                                       "read-only /proc",
                                       "limit",
                                       "chroot",
                                       "kernel",
                                       "id map",
                                       "files"};

}  // namespace

const char* name_of(Layer layer) noexcept {
  static_assert(std::size(kLayerNames) == static_cast<std::size_t>(Layer::kFiles) + 1);
  return kLayerNames[static_cast<std::size_t>(layer)];
}

std::string Cause::line() const {
  return layer == Layer::kUnknown ? sentence : fmt::format("{}: {}", name_of(layer), sentence);
}

std::string as_advice(const Cause& cause) {
  auto text = cause.line();
  if (cause.remedies.empty()) return text;
  const auto& first = cause.remedies.front();
  text += '\n' + first.what;
  if (!first.paste.empty()) text += ": " + first.paste;
  if (cause.remedies.size() > 1) text += "; other ways: nslaunch doctor";
  return text;
}

}  // namespace nslaunch::shard
