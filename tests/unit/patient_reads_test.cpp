#include "inspect/snapshot/patient_reads.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <functional>

#include "inspect/hang/standstill.hpp"
#include "inspect/snapshot/process_table.hpp"
#include "support/at_the_limit.hpp"
#include "sys/base/check.hpp"

namespace nslaunch::inspect {
namespace {

using Catch::Matchers::Contains;
using test::at_the_limit;

/// What is read of three, and why not.
std::string read_at_the_limit(WithoutChild without_child) {
  return at_the_limit([&] {
    PatientReads reads(
        3, [](std::size_t at) { return fmt::format("<{}>", at); }, without_child);
    std::string all;
    for (const auto& text : reads.take()) all += text.value_or("none ");
    return all + reads.why_not();
  });
}

/// Whose times are read, of one of our own and of who has started it, which is root's where root runs the
/// test.
std::string times_at_the_limit(WithoutChild without_child) {
  return at_the_limit([&] {
    std::string all;
    const ProcessTable processes(ProcessReading({}, without_child));
    for (const pid_t pid : {::getpid(), ::getppid()}) {
      const auto* stat = processes.find(pid);
      all += stat == nullptr ? "gone " : stat->start_ticks == 0 ? "no times " : "times ";
    }
    return all;
  });
}

}  // namespace

TEST_CASE("where no child can be had, nothing is read but by those who can be kept waiting") {
  CHECK_THAT(read_at_the_limit(WithoutChild::kReadNone),
             Contains("none none none ") && Contains("Resource temporarily unavailable"));
  CHECK_THAT(read_at_the_limit(WithoutChild::kReadAnyway), Contains("<0><1><2>"));
}

TEST_CASE("where no child can be had, times are read of one's own processes, and of those of nobody else") {
  CHECK(times_at_the_limit(WithoutChild::kReadNone) == "no times no times ");
  CHECK(times_at_the_limit(WithoutChild::kReadAnyway) ==
        (::geteuid() == 0 ? "times no times " : "times times "));
}

TEST_CASE("where no child can be had, what one's own processes have written is counted all the same") {
  CHECK(at_the_limit([] { return written_by(::getpid()).unseen == 0 ? "seen" : "unseen"; }) == "seen");
}

}  // namespace nslaunch::inspect
