#pragma once

#include <nslaunch/error.hpp>

#include <chrono>
#include <optional>
#include <string>

#include "sys/base/fd.hpp"

namespace nslaunch::sys {

/// How long a reader may take to open the other end of a FIFO and to read what is written.
constexpr std::chrono::seconds kReaderLimit{5};

/// Opens a file named by the caller for writing, just as a shell's redirection does, so that the kernel's
/// protections apply (fs.protected_symlinks, protected_fifos, protected_regular: proc_sys_fs(5)). Makes it if
/// it is missing, and waits for a FIFO's reader, or the end of another process's lease (fcntl(2)), for at
/// most `limit`. Anything that may block a writer is O_NONBLOCK. Empty, with errno set, if that fails: ENXIO
/// for a FIFO without a reader.
Fd open_output(const std::string& path, int more_flags = 0,
               std::chrono::milliseconds limit = kReaderLimit) noexcept;
/// The same for a path relative to an open directory.
Fd open_output_at(int directory, const std::string& path, int more_flags = 0,
                  std::chrono::milliseconds limit = kReaderLimit) noexcept;

/// An entry of a directory, which may be missing.
struct Place {
  Fd directory;
  std::string name;
};
/// The directory and the last name of a path. Links on the way are followed, as the kernel does. Empty, with
/// errno set, if the directory can't be opened or there is no name.
std::optional<Place> place_of(const std::string& path);

/// The path of the directory in which `path` is an entry, opened as `directory`; empty if a link has led
/// there.
std::string directory_without_links(int directory, const std::string& path);

/// The error for a file that could not be opened, with advice: `otherwise` if there is none better. `doing`:
/// "opening FILE for the report".
Error output_error(int error, const std::string& path, const std::string& doing,
                   const std::string& otherwise);

}  // namespace nslaunch::sys
