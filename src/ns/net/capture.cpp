#include "ns/net/capture.hpp"

#include <fcntl.h>
#include <linux/if_packet.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "sys/base/check.hpp"
#include "sys/base/clock.hpp"

namespace nslaunch::ns {
namespace {

/// Above the largest packet of lo: 64 KiB, unless BIG TCP is enabled.
constexpr int kLongestPacket = 262144;
/// How long the kernel may hold back packets, to deliver many at once.
constexpr int kHandOverMs = 10;
/// Of a burst of 1 GiB on two busy cores, a ring of 2 MiB (libpcap's default) loses two packets in five, 8
/// MiB one in ten, 32 MiB one in forty, and 64 MiB no fewer.
constexpr std::uint64_t kSmallestRing = 2 << 20;
constexpr std::uint64_t kLargestRing = 32 << 20;
/// Init has other things to do, too.
constexpr int kPacketsAtOnce = 128;
/// How much of the file a full disk may cost.
constexpr std::uint64_t kUnsafeAtMost = 64 << 10;
constexpr std::uint64_t kFileHeader = sizeof(pcap_file_header);
constexpr std::uint64_t kPacketHeader = 16;

/// An Ethernet frame without meaning (IEEE 802's experimental EtherType). Packets that a CPU sends over lo
/// arrive in order: once the CPU's marker is there, so is everything before it (K32).
struct Marker {
  unsigned char addresses[12] = {};
  unsigned char type[2] = {0x88, 0xB5};
  std::uint16_t cpu = 0;
  char text[16] = "nslaunch marker";
};
static_assert(sizeof(Marker) == 32, "no padding: it is compared as bytes");

std::optional<int> cpu_of_marker(const pcap_pkthdr& header, const unsigned char* packet) {
  Marker marker;
  if (header.caplen != sizeof marker) return std::nullopt;
  std::memcpy(&marker.cpu, packet + offsetof(Marker, cpu), sizeof marker.cpu);
  if (std::memcmp(&marker, packet, sizeof marker) != 0) return std::nullopt;
  return marker.cpu;
}

std::set<int> cpus_of(const cpu_set_t& set) {
  std::set<int> cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(static_cast<unsigned>(cpu), &set)) cpus.insert(cpu);
  }
  return cpus;
}

/// libpcap reports the error as text; its cause is left in errno.
Error capture_error(int status) {
  const int cause = errno;
  if (status == PCAP_ERROR_PERM_DENIED) return {sys::errno_code(EPERM), "capturing on lo"};
  return {sys::errno_code(cause != 0 ? cause : EIO), "capturing on lo"};
}

}  // namespace

void Capture::Close::operator()(pcap* handle) const noexcept {
  ::pcap_close(handle);
}

void Capture::Close::operator()(pcap_dumper* dumper) const noexcept {
  ::pcap_dump_close(dumper);
}

Capture::Capture(int file, std::uint64_t limit)
    : file_(sys::check(::fcntl(file, F_DUPFD_CLOEXEC, 3), "duplicating a descriptor")), limit_(limit) {
  open_lo(std::clamp(limit, kSmallestRing, kLargestRing));
  open_writer();
}

Capture::~Capture() = default;

void Capture::open_lo(std::uint64_t ring_size) {
  char problem[PCAP_ERRBUF_SIZE];
  errno = 0;
  lo_.reset(::pcap_create("lo", problem));
  if (!lo_) throw capture_error(PCAP_ERROR);
  ::pcap_set_snaplen(lo_.get(), kLongestPacket);
  ::pcap_set_timeout(lo_.get(), kHandOverMs);
  ::pcap_set_buffer_size(lo_.get(), static_cast<int>(ring_size));
  if (const int status = ::pcap_activate(lo_.get()); status < 0) throw capture_error(status);
  // Only now: libpcap then closes the other descriptors it opened, which the command would inherit otherwise.
  if (::pcap_setnonblock(lo_.get(), 1, problem) != 0) throw capture_error(PCAP_ERROR);
  packets_ = ::pcap_get_selectable_fd(lo_.get());
  sys::check(::fcntl(packets_, F_SETFD, FD_CLOEXEC), "keeping the capture from the command");
  // lo shows every packet outgoing and incoming, and libpcap drops the outgoing copy; if the kernel does that
  // itself (4.20), those copies take no room in the ring.
  const int yes = 1;
  ::setsockopt(packets_, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof yes);
}

void Capture::open_writer() {
  sys::Fd copy(sys::check(::fcntl(file_.get(), F_DUPFD_CLOEXEC, 3), "duplicating a descriptor"));
  FILE* const stream = ::fdopen(copy.get(), "w");
  if (stream == nullptr) throw capture_error(PCAP_ERROR);
  copy.release();
  writer_.reset(::pcap_dump_fopen(lo_.get(), stream));
  if (!writer_) throw capture_error(PCAP_ERROR);
  size_ = kFileHeader;
  flush();
  if (outcome_.error) throw Error(outcome_.error, "writing the pcap file");
}

void Capture::add_descriptors(std::vector<int>& open) const {
  open.insert(open.end(), {packets_, file_.get(), ::fileno(::pcap_dump_file(writer_.get()))});
}

void Capture::write(const pcap_pkthdr& header, const unsigned char* packet) {
  if (const auto cpu = cpu_of_marker(header, packet); cpu && unseen_.erase(*cpu) != 0) return;
  if (outcome_.full || outcome_.error) return;
  const auto size = kPacketHeader + header.caplen;
  outcome_.full = size_ + size > limit_;
  if (outcome_.full) return;
  ::pcap_dump(reinterpret_cast<u_char*>(writer_.get()), &header, packet);
  size_ += size;
  if (std::ferror(::pcap_dump_file(writer_.get())) != 0) outcome_.error = sys::errno_code(errno);
  if (size_ - safe_size_ >= kUnsafeAtMost) flush();
}

void Capture::flush() {
  if (outcome_.error) return;
  if (::pcap_dump_flush(writer_.get()) == 0) {
    safe_size_ = size_;
  } else {
    outcome_.error = sys::errno_code(errno);
  }
}

void Capture::take() {
  if (!lo_) return;
  const auto write_one = [](u_char* self, const pcap_pkthdr* header, const u_char* packet) {
    reinterpret_cast<Capture*>(self)->write(*header, packet);
  };
  errno = 0;
  const int count = ::pcap_dispatch(lo_.get(), kPacketsAtOnce, write_one, reinterpret_cast<u_char*>(this));
  if (count < 0 && !outcome_.error) outcome_.error = capture_error(count).code();
  if (count < kPacketsAtOnce) flush();
  if (outcome_.full || outcome_.error) stop();
}

void Capture::stop() {
  flush();
  pcap_stat counts = {};
  if (::pcap_stats(lo_.get(), &counts) == 0) outcome_.lost = counts.ps_drop;
  packets_ = -1;
  lo_.reset();
  writer_.reset();
  // On a full disk part of a packet may have been written.
  if (outcome_.error && ::ftruncate(file_.get(), static_cast<off_t>(safe_size_)) != 0) return;
}

CaptureOutcome Capture::finish() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  ::sched_getaffinity(0, sizeof allowed, &allowed);
  unseen_ = cpus_of(allowed);
  const sys::Deadline deadline(std::chrono::seconds{1});
  bool send = true;  // again if needed: a full ring loses markers like any packet
  while (lo_ && !unseen_.empty() && !deadline.passed()) {
    if (send) send_markers();
    pollfd watched = {packets_, POLLIN, 0};
    send = ::poll(&watched, 1, 10 * kHandOverMs) == 0;
    take();
  }
  ::sched_setaffinity(0, sizeof allowed, &allowed);
  if (lo_) stop();
  return outcome_;
}

void Capture::send_markers() {
  for (const int cpu : unseen_) {
    cpu_set_t alone;
    CPU_ZERO(&alone);
    CPU_SET(static_cast<unsigned>(cpu), &alone);
    ::sched_setaffinity(0, sizeof alone, &alone);
    Marker marker;
    marker.cpu = static_cast<std::uint16_t>(cpu);
    ::pcap_inject(lo_.get(), &marker, sizeof marker);
  }
}

}  // namespace nslaunch::ns
