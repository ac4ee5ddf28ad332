#pragma once

#include <nslaunch/error.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sys/base/fd.hpp"
#include "sys/files/pending_file.hpp"

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

/// A file named by the caller, to be written as a whole at the end. Its name is resolved once, before
/// anything runs, as a shell's redirection does, and is kept as descriptors: a user who replaces the name, or
/// a directory on the way, meanwhile redirects nothing.
class OutputFile {
 public:
  /// An entry of a directory.
  struct Place {
    Fd directory;
    std::string name;
  };

  /// A missing file is not made yet. Empty, with errno set, if write() would fail.
  static std::optional<OutputFile> open(const std::string& path, const BeforeMaking& before_making);

  /// What must stay open until write().
  std::vector<int> descriptors() const;
  /// A regular file is replaced in its directory, and keeps its owner and its mode. If that is impossible (no
  /// permission in the directory, a mount on the file, an access control list), or it is another user's in a
  /// directory that others may change, it is overwritten. If it is gone, it is made anew, with no more rights
  /// for anybody. Any other file that has its name by then stays: EEXIST, or EACCES. Anything but a regular
  /// file is written to. Returns 0 or an errno: ENOENT if the directory is gone.
  int write(std::string_view content, const BeforeMaking& before_making) const;

 private:
  OutputFile() = default;
  int write_existing(std::string_view content, const BeforeMaking& before_making) const;

  Fd file_;  ///< empty if it is missing
  bool is_stream_ = false;
  std::optional<Place> place_;  ///< empty if it is unknown, or of no use
};

/// Advice for EEXIST from OutputFile::write() or PendingFile::give_new_name().
constexpr const char* kNameIsTaken =
    "Something else has got its name since the run began, and stays. Give it a name that nothing else uses.";

/// Whether the entry is another user's, in a directory where any user may make files but not remove those of
/// others.
bool is_protected_entry(int directory, const std::string& name) noexcept;

/// Whether nobody else, except root, can make or remove entries in it.
bool only_we_may_change(int directory) noexcept;

/// Whether it has an access control list: then the group bits of its mode are that list's mask.
bool has_access_list(const Fd& file);

/// The error for a file that could not be opened, with advice: `otherwise` if there is none better. `doing`:
/// "opening FILE for the report".
Error output_error(int error, const std::string& path, const std::string& doing,
                   const std::string& otherwise);

}  // namespace nslaunch::sys
