#pragma once

#include <nslaunch/outcome.hpp>

#include <cstdint>
#include <memory>
#include <set>
#include <vector>

#include "sys/base/fd.hpp"

struct pcap;
struct pcap_dumper;
struct pcap_pkthdr;

namespace nslaunch::ns {

/// Captures the traffic on lo of the network namespace that it is made in, each packet once, as a pcap file.
/// Called by init: only finish() ever waits for anything but the disk.
class Capture {
 public:
  /// Captures from here on. `file` must be empty and open for writing, and is duplicated; `limit` is its
  /// maximum size in bytes. Throws Error.
  Capture(int file, std::uint64_t limit);
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;
  ~Capture();

  /// Readable when there is something to take; -1 when the capture has stopped.
  int fd() const noexcept { return packets_; }
  /// Adds the descriptors that it needs.
  void add_descriptors(std::vector<int>& open) const;
  /// Writes some of the captured packets; once all are written, readers of the file see them, too.
  void take();
  /// Writes everything that was sent before this call, for at most a second, and stops.
  CaptureOutcome finish();

 private:
  struct Close {
    void operator()(pcap* handle) const noexcept;
    void operator()(pcap_dumper* dumper) const noexcept;
  };

  void open_lo(std::uint64_t ring_size);
  void open_writer();
  void write(const pcap_pkthdr& header, const unsigned char* packet);
  void flush();
  void stop();
  void send_markers();

  sys::Fd file_;
  std::uint64_t limit_;
  std::unique_ptr<pcap, Close> lo_;
  std::unique_ptr<pcap_dumper, Close> writer_;
  int packets_ = -1;
  std::uint64_t size_ = 0;       ///< of the file, including the writer's buffer
  std::uint64_t safe_size_ = 0;  ///< up to here the file has whole packets
  std::set<int> unseen_;         ///< CPUs whose marker has not come back
  CaptureOutcome outcome_;
};

}  // namespace nslaunch::ns
