#include "support/probe_lock.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace nslaunch::test {
namespace {

constexpr std::size_t kPage = 4096;
constexpr const char* kPlace = "/tmp";

void check(bool good, const char* what) {
  if (good) return;
  std::printf("no: %s: %s\n", what, std::strerror(errno));
  std::exit(5);
}

void put(const char* file, const std::string& text) {
  const int descriptor = open(file, O_WRONLY | O_CLOEXEC);
  check(write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size()), file);
  close(descriptor);
}

void enter_own_namespaces(uid_t uid, gid_t gid) {
  check(unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0, "unshare");
  put("/proc/self/setgroups", "deny");
  put("/proc/self/uid_map", std::to_string(uid) + " " + std::to_string(uid) + " 1");
  put("/proc/self/gid_map", std::to_string(gid) + " " + std::to_string(gid) + " 1");
}

int mount_file_system(const char* name, uid_t uid, gid_t gid) {
  const int device = open(name, O_RDWR | O_CLOEXEC);
  check(device >= 0, name);
  const auto options = "fd=" + std::to_string(device) + ",rootmode=40000,user_id=" + std::to_string(uid) +
                       ",group_id=" + std::to_string(gid);
  check(mount("own", kPlace, "fuse", MS_NOSUID | MS_NODEV, options.c_str()) == 0, "mount");
  return device;
}

void answer(int device, std::uint64_t request, int error, const void* data = nullptr, std::size_t size = 0) {
  fuse_out_header header = {static_cast<std::uint32_t>(sizeof(header) + size), -error, request};
  iovec parts[] = {{&header, sizeof header}, {const_cast<void*>(data), size}};
  check(writev(device, parts, size == 0 ? 1 : 2) >= 0, "answering");
}

template <typename Out>
void answer_with(int device, std::uint64_t request, const Out& out) {
  answer(device, request, 0, &out, sizeof out);
}

fuse_attr attributes_of(std::uint64_t inode) {
  fuse_attr attributes = {};
  attributes.ino = inode;
  attributes.size = kPage;
  attributes.nlink = 1;
  attributes.uid = getuid();
  attributes.gid = getgid();
  attributes.mode = inode == FUSE_ROOT_ID ? S_IFDIR | 0755 : S_IFREG | 0644;
  return attributes;
}

void introduce(int device, std::uint64_t request) {
  fuse_init_out out = {};
  out.major = FUSE_KERNEL_VERSION;
  out.minor = 31;
  out.max_write = kPage;
  answer_with(device, request, out);
}

/// A directory in which every name is the one file.
void answer_request(int device, const fuse_in_header& request) {
  fuse_attr_out attributes = {};
  attributes.attr = attributes_of(request.nodeid);
  fuse_entry_out entry = {};
  entry.nodeid = FUSE_ROOT_ID + 1;
  entry.attr = attributes_of(entry.nodeid);
  if (request.opcode == FUSE_INIT) return introduce(device, request.unique);
  if (request.opcode == FUSE_GETATTR) return answer_with(device, request.unique, attributes);
  if (request.opcode == FUSE_LOOKUP) return answer_with(device, request.unique, entry);
  if (request.opcode == FUSE_OPEN) return answer_with(device, request.unique, fuse_open_out{});
  if (request.opcode == FUSE_READ) return answer_with(device, request.unique, std::array<char, kPage>{});
  answer(device, request.unique, ENOSYS);
}

/// Until somebody kills it, which ends the file system, or that has no user any more.
[[noreturn]] void serve_file(int device, std::uint32_t held) {
  std::vector<char> text(FUSE_MIN_READ_BUFFER + kPage);
  while (read(device, text.data(), text.size()) >= static_cast<ssize_t>(sizeof(fuse_in_header))) {
    fuse_in_header request = {};
    std::memcpy(&request, text.data(), sizeof request);
    if (request.opcode == held) {
      std::puts("held");
      std::fflush(stdout);
      for (;;) pause();
    }
    if (request.opcode != FUSE_FORGET) answer_request(device, request);
  }
  _exit(6);
}

void listen_on(const char* port) {
  sockaddr_in name = {};
  name.sin_family = AF_INET;
  name.sin_port = htons(static_cast<in_port_t>(std::atoi(port)));
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  check(bind(listener, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0, "bind");
  check(listen(listener, 1) == 0, "listen");
}

/// A page of the file. `held` is what the server does not answer.
void* map_page(const char* device, std::uint32_t held, int sharing) {
  const uid_t uid = getuid();
  const gid_t gid = getgid();
  enter_own_namespaces(uid, gid);
  const int server = mount_file_system(device, uid, gid);
  if (fork() == 0) serve_file(server, held);
  close(server);  // the server's alone, so that its death ends the wait
  const int file = open((std::string(kPlace) + "/file").c_str(), O_RDWR | O_CLOEXEC);
  check(file >= 0, "open");
  void* page = mmap(nullptr, kPage, PROT_READ | PROT_WRITE, sharing, file, 0);
  check(page != MAP_FAILED, "mmap");
  return page;
}

/// One that the server has to write once it is unmapped.
void* make_dirty_page(const char* device, const char* port) {
  void* page = map_page(device, FUSE_WRITE, MAP_SHARED);
  listen_on(port);
  *static_cast<volatile char*>(page) = 1;
  return page;
}

}  // namespace

int hold_memory(const char* device, const char* port) {
  void* page = make_dirty_page(device, port);
  mmap(page, kPage, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  return 7;
}

int hold_exec(const char* device, const char* port) {
  make_dirty_page(device, port);
  execl("/bin/true", "true", nullptr);
  return 7;
}

int hold_directory(const char* device, const char* directory) {
  const int opened = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  check(opened >= 0, directory);
  syscall(SYS_getdents64, opened, map_page(device, FUSE_READ, MAP_PRIVATE), kPage);
  return 7;
}

int hold_window_size(const char* device) {
  ioctl(STDIN_FILENO, TIOCGWINSZ, map_page(device, FUSE_READ, MAP_PRIVATE));
  return 7;
}

int hold_terminal(const char* device) {
  void* page = map_page(device, FUSE_READ, MAP_PRIVATE);
  return read(STDIN_FILENO, page, kPage) > 0 ? 7 : 8;
}

}  // namespace nslaunch::test
