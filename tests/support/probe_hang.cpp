#include "support/probe_hang.hpp"

#include <pthread.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>

namespace nslaunch::test {
namespace {

[[noreturn]] void stay() {
  for (;;) pause();
}

void* stay_in_thread(void*) {
  stay();
}

void say_up() {
  std::puts("up");
  std::fflush(stdout);
}

}  // namespace

int stay_with_threads(int count) {
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, std::size_t{1} << 16);
  for (int i = 0; i < count; ++i) {
    pthread_t thread;
    if (pthread_create(&thread, &small, stay_in_thread, nullptr) != 0) return 5;
  }
  say_up();
  stay();
}

}  // namespace nslaunch::test
