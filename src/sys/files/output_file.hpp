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

/// A file that the caller has named, to be written as a whole at the end. What its name leads to is looked up
/// once, before anything runs, as a shell's redirection does it, and is kept by its descriptors: whoever
/// gives the name, or a directory on the way, another meaning meanwhile leads nobody elsewhere.
class OutputFile {
 public:
  /// An entry of a directory.
  struct Place {
    Fd directory;
    std::string name;
  };

  /// What is missing is not made yet. Nothing, with errno, where write() would fail.
  static std::optional<OutputFile> open(const std::string& path, const BeforeMaking& before_making);

  /// What must stay open until write().
  std::vector<int> descriptors() const;
  /// A regular file is replaced in its directory, and keeps its owner and its mode; whatever has its name by
  /// now goes. Where that can't be (the directory does not let us, something is mounted there, the file has
  /// an access control list) it is written over. What is no regular file is written to. Returns 0 or an
  /// errno: ENOENT where the directory is gone.
  int write(std::string_view content, const BeforeMaking& before_making) const;

 private:
  OutputFile() = default;
  int write_existing(std::string_view content, const BeforeMaking& before_making) const;

  Fd file_;  ///< empty: it is missing
  bool is_stream_ = false;
  std::optional<Place> place_;  ///< none where it can't be told, or is of no use
};

/// Whether what has the name is another user's, in a directory where anybody may make files and remove no
/// other's.
bool is_protected_entry(int directory, const std::string& name) noexcept;

/// Whether it has an access control list: then its mode's group bits are that list's mask.
bool has_access_list(const Fd& file);

/// The error that a file could not be opened, and what to do about it, `otherwise` where nothing better is
/// known. `doing`: "opening FILE for the report".
Error output_error(int error, const std::string& path, const std::string& doing,
                   const std::string& otherwise);

}  // namespace nslaunch::sys
