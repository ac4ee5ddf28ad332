#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace nslaunch::test {

/// A TCP or UDP packet of a capture on lo.
struct Packet {
  int version = 0;   ///< of IP
  int protocol = 0;  ///< IPPROTO_TCP, IPPROTO_UDP
  std::uint16_t from = 0;
  std::uint16_t to = 0;
  std::uint8_t flags = 0;  ///< TCP's, as TH_SYN and the like
  std::uint32_t sequence = 0;
  std::string payload;
};

/// All packets of a pcap file, in their order, as libpcap reads them. Throws where it is none, where it ends
/// within a packet, and where a packet is neither TCP nor UDP.
std::vector<Packet> read_pcap(const std::string& path);

/// What went from one TCP port to the other, from SYN to FIN. Throws where a byte is missing.
std::string tcp_stream(const std::vector<Packet>& packets, std::uint16_t from, std::uint16_t to);

}  // namespace nslaunch::test
