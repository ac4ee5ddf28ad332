#pragma once

namespace nslaunch::test {

/// Says "apart" and returns 7 where this process is in none of the namespaces (their numbers in /proc, words
/// that own_namespaces() gives), 127.0.0.1 answers and nobody listens on `port` there, and it has only its
/// standard streams open. Else says what is wrong and returns 98.
int tell_whether_apart(const char* namespaces, const char* port);

}  // namespace nslaunch::test
