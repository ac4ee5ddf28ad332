#pragma once

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

#include "support/skip.hpp"
#include "sys/base/check.hpp"
#include "sys/base/fd.hpp"

namespace nslaunch::test {

/// One that never comes: who reads it in the kernel waits there until killed. As with a page of a file on
/// FUSE, but it ends with this process.
class MissingPage {
 public:
  /// For root, who alone may; skips the test where there is none.
  static sys::Fd open_device() {
    sys::Fd device(::open("/dev/userfaultfd", O_RDWR | O_CLOEXEC));
    if (::geteuid() == 0 && !device) SKIP_TEST("there is no /dev/userfaultfd here");
    return device;
  }
  /// `device`: /dev/userfaultfd, which root has opened.
  explicit MissingPage(int device)
      : faults_(sys::check(::ioctl(device, USERFAULTFD_IOC_NEW, O_CLOEXEC), "handling faults")),
        page_(::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    uffdio_api api = {};
    api.api = UFFD_API;
    sys::check(::ioctl(faults_.get(), UFFDIO_API, &api), "handling faults");
    uffdio_register wanted = {};
    wanted.range = {reinterpret_cast<std::uintptr_t>(page_), kSize};
    wanted.mode = UFFDIO_REGISTER_MODE_MISSING;
    sys::check(::ioctl(faults_.get(), UFFDIO_REGISTER, &wanted), "handling faults");
  }
  void* get() const { return page_; }
  void wait_for_reader() const {
    uffd_msg fault;
    sys::check(::read(faults_.get(), &fault, sizeof fault), "waiting for a fault");
  }

 private:
  static constexpr std::size_t kSize = 4096;
  sys::Fd faults_;
  void* page_;
};

}  // namespace nslaunch::test
