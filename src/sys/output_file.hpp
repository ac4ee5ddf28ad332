#pragma once

#include <nslaunch/error.hpp>

#include <chrono>
#include <string>
#include <string_view>

#include "sys/fd.hpp"
#include "sys/pending_file.hpp"

namespace nslaunch::sys {

/// For how long somebody may take to open the other end of a FIFO and to read what is written.
constexpr std::chrono::seconds kReaderLimit{5};

/// Opens a file that the caller has named, to be written, just as a shell's redirection does, so that the
/// kernel's protections hold (fs.protected_symlinks, protected_fifos, protected_regular: proc_sys_fs(5)).
/// Makes it where it is missing, and waits for a FIFO's reader no longer than `limit`. What may keep a writer
/// waiting is O_NONBLOCK. Empty with errno where that fails: ENXIO for a FIFO that nobody reads.
Fd open_output(const std::string& path, int more_flags = 0,
               std::chrono::milliseconds limit = kReaderLimit) noexcept;
/// The same for a path from an open directory.
Fd open_output_at(int directory, const std::string& path, int more_flags = 0,
                  std::chrono::milliseconds limit = kReaderLimit) noexcept;

/// The same for a file that is replaced when its content is complete: a regular one is only looked at, and
/// what is missing is not made. Empty with errno 0 for these two; empty with another errno: write_output()
/// would fail.
Fd open_output_early(const std::string& path, const BeforeMaking& before_making);

/// Writes a whole file. A regular one is replaced in its directory, and keeps its owner and its mode; where
/// that can't be (the directory does not let us, something is mounted there, the file has an access control
/// list) it is written over. What is there by now, and no regular file, is written to. Returns 0 or an errno.
int write_output(const std::string& path, std::string_view content, const BeforeMaking& before_making);

/// Whether it has an access control list: then its mode's group bits are that list's mask.
bool has_access_list(const Fd& file);

/// The error that a file could not be opened, and what to do about it, `otherwise` where nothing better is
/// known. `doing`: "opening FILE for the report".
Error output_error(int error, const std::string& path, const std::string& doing,
                   const std::string& otherwise);

}  // namespace nslaunch::sys
