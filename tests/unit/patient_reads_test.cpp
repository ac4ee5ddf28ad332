#include "inspect/patient_reads.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "sys/check.hpp"
#include "sys/files.hpp"

namespace nslaunch::inspect {
namespace {

using Catch::Matchers::Contains;

/// What is read of three, and why not, where this user may start no process.
std::string read_at_the_limit(WithoutChild without_child) {
  const auto read = [&](int out) {
    const rlimit none = {0, 0};
    constexpr uid_t kNobody = 65'534;  // the limit does not hold for root
    sys::check(::setrlimit(RLIMIT_NPROC, &none), "setting a limit");
    if (::geteuid() == 0) sys::check(::setresuid(kNobody, kNobody, kNobody), "becoming nobody");
    PatientReads reads(
        3, [](std::size_t at) { return fmt::format("<{}>", at); }, without_child);
    std::string all;
    for (const auto& text : reads.take()) all += text.value_or("none ");
    sys::write_all(out, all + reads.why_not());
  };
  return sys::output_of_child(read, std::chrono::minutes{1}, 4096).text;
}

}  // namespace

TEST_CASE("where no child can be had, nothing is read but by those who can be kept waiting") {
  CHECK_THAT(read_at_the_limit(WithoutChild::kReadNone),
             Contains("none none none ") && Contains("Resource temporarily unavailable"));
  CHECK_THAT(read_at_the_limit(WithoutChild::kReadAnyway), Contains("<0><1><2>"));
}

}  // namespace nslaunch::inspect
