#include "support/pcap_file.hpp"

#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <pcap/pcap.h>

#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string_view>

#include "sys/base/check.hpp"

namespace nslaunch::test {
namespace {

constexpr std::size_t kEthernet = 14;

/// The header at the beginning of `bytes`, which then begins behind `size` bytes of it (0: all of it).
template <typename Header>
Header take(std::string_view& bytes, std::size_t size = sizeof(Header)) {
  if (bytes.size() < sizeof(Header) || bytes.size() < size) throw std::runtime_error("a packet is cut");
  Header header;
  std::memcpy(&header, bytes.data(), sizeof header);
  bytes.remove_prefix(size);
  return header;
}

void read_transport(Packet& packet, std::string_view rest) {
  if (packet.protocol == IPPROTO_UDP) {
    const auto udp = take<udphdr>(rest);
    packet.from = ntohs(udp.uh_sport);
    packet.to = ntohs(udp.uh_dport);
  } else if (packet.protocol == IPPROTO_TCP) {
    const auto tcp = take<tcphdr>(rest, 0);
    packet.from = ntohs(tcp.th_sport);
    packet.to = ntohs(tcp.th_dport);
    packet.flags = tcp.th_flags;
    packet.sequence = ntohl(tcp.th_seq);
    take<tcphdr>(rest, std::size_t{4} * tcp.th_off);
  } else {
    throw std::runtime_error(fmt::format("a packet of protocol {}", packet.protocol));
  }
  packet.payload = rest;
}

Packet parse(std::string_view rest) {
  if (rest.size() <= kEthernet) throw std::runtime_error("a packet is no Ethernet frame");
  rest.remove_prefix(kEthernet);
  Packet packet;
  packet.version = static_cast<unsigned char>(rest.front()) >> 4;
  if (packet.version == 4) {
    const auto ip = take<iphdr>(rest, 0);
    packet.protocol = ip.protocol;
    take<iphdr>(rest, std::size_t{4} * ip.ihl);
  } else if (packet.version == 6) {
    packet.protocol = take<ip6_hdr>(rest).ip6_nxt;
  } else {
    throw std::runtime_error("a packet is no IP");
  }
  read_transport(packet, rest);
  return packet;
}

}  // namespace

std::vector<Packet> read_pcap(const std::string& path) {
  char problem[PCAP_ERRBUF_SIZE];
  const std::unique_ptr<pcap_t, void (*)(pcap_t*)> file(::pcap_open_offline(path.c_str(), problem),
                                                        ::pcap_close);
  if (!file) throw std::runtime_error(problem);
  if (::pcap_datalink(file.get()) != DLT_EN10MB) throw std::runtime_error("not a capture of lo");
  std::vector<Packet> packets;
  pcap_pkthdr* header = nullptr;
  const u_char* bytes = nullptr;
  int more = 0;
  while ((more = ::pcap_next_ex(file.get(), &header, &bytes)) == 1) {
    if (header->caplen != header->len) throw std::runtime_error("a packet was not captured whole");
    packets.push_back(parse({reinterpret_cast<const char*>(bytes), header->caplen}));
  }
  if (more != PCAP_ERROR_BREAK) throw std::runtime_error(::pcap_geterr(file.get()));
  return packets;
}

std::string tcp_stream(const std::vector<Packet>& packets, std::uint16_t from, std::uint16_t to) {
  // TCP repeats what a busy machine is late to acknowledge, perhaps with more behind it; and two processors
  // that send are captured in any order.
  std::multimap<std::uint32_t, std::string> pieces;  // by where they begin
  std::optional<std::uint32_t> begin;
  std::optional<std::uint32_t> end;
  for (const auto& packet : packets) {
    if (packet.protocol != IPPROTO_TCP || packet.from != from || packet.to != to) continue;
    if (!begin && (packet.flags & TH_SYN) == 0) throw std::runtime_error("no SYN at the beginning");
    if (!begin) begin = packet.sequence + 1;
    if ((packet.flags & TH_SYN) != 0) continue;
    const auto at = packet.sequence - *begin;
    if ((packet.flags & TH_FIN) != 0) end = at + static_cast<std::uint32_t>(packet.payload.size());
    if (!packet.payload.empty()) pieces.emplace(at, packet.payload);
  }
  std::string stream;
  for (const auto& [at, bytes] : pieces) {
    if (at > stream.size()) throw std::runtime_error("bytes are missing");
    if (at + bytes.size() > stream.size()) stream += bytes.substr(stream.size() - at);
  }
  if (!end) throw std::runtime_error("no FIN at the end");
  if (stream.size() != *end) throw std::runtime_error("the FIN is not at the end");
  return stream;
}

}  // namespace nslaunch::test
