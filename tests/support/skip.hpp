#pragma once

#include <cstdio>
#include <cstdlib>

/// What a sanitizer needs for itself can't be taken away from a program that has one.
#ifdef __has_feature  // clang, with which the sanitized tests are built
constexpr bool kSanitized = __has_feature(address_sanitizer);
#else
constexpr bool kSanitized = false;
#endif

/// Ends the test as "skipped" (ctest's SKIP_RETURN_CODE 77) where this machine can't run it. Each
/// test is a process of its own under ctest.
#define SKIP_TEST(reason)                         \
  do {                                            \
    std::fprintf(stderr, "SKIP: %s\n", (reason)); \
    std::exit(77);                                \
  } while (false)
