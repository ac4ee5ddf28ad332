#pragma once

#include "shard/diagnose/cause.hpp"
#include "shard/diagnose/failure_case.hpp"

namespace nslaunch::shard {

// The text of each cause. causes.cpp decides which one applies.

Cause exhausted_processes(const FailureCase& c);
Cause forbidden_namespaces(const FailureCase& c);
Cause exhausted_namespaces(const FailureCase& c);
Cause orphaned_children(const FailureCase& c);
Cause unknown_namespaces(const FailureCase& c);
Cause old_kernel(const FailureCase& c);
Cause chroot(const FailureCase& c);
Cause unmapped_ids(const FailureCase& c);
Cause forbidden_user_namespaces(const FailureCase& c);
Cause powerless_user_namespace(const FailureCase& c);
Cause confining_profile(const FailureCase& c);
Cause seccomp_filter(const FailureCase& c);
Cause some_security_module(const FailureCase& c);
Cause refused_by_nobody_seen(const FailureCase& c);
Cause unseen_without_proc(const FailureCase& c);
Cause no_setfcap(const FailureCase& c);
Cause masked_proc(const FailureCase& c);
Cause read_only_proc(const FailureCase& c);
Cause filtered_capture(const FailureCase& c);
Cause capture_needs(const FailureCase& c);
Cause exhausted_descriptors(const FailureCase& c);
Cause descriptors_left_unread(const FailureCase& c);
Cause exhausted_memory(const FailureCase& c);
Cause no_directory_for_proc(const FailureCase& c);
Cause no_proc(const FailureCase& c);
Cause no_tmp(const FailureCase& c);
Cause no_pid_base(const FailureCase& c);
Cause no_file_system(const FailureCase& c);
Cause no_such_address(const FailureCase& c);
Cause address_in_use(const FailureCase& c);
Cause exchanged_directory(const FailureCase& c);
Cause closed_to_command(const FailureCase& c);
Cause full_disk(const FailureCase& c);

}  // namespace nslaunch::shard
