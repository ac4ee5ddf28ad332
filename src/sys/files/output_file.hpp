#pragma once

#include <sys/stat.h>

#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sys/base/fd.hpp"
#include "sys/files/open_output.hpp"
#include "sys/files/pending_file.hpp"

namespace nslaunch::sys {

/// A file named by the caller, to be written as a whole at the end. Its name is resolved once, before
/// anything runs, as a shell's redirection does, and is kept as descriptors: a user who replaces the name, or
/// a directory on the way, meanwhile redirects nothing.
class OutputFile {
 public:
  /// A missing file gets no name yet. Empty, with errno set, if write() would fail.
  static std::optional<OutputFile> open(const std::string& path, const BeforeMaking& before_making);

  /// What must stay open until write().
  std::vector<int> descriptors() const;
  /// A regular file is replaced in its directory, and keeps its owner and its mode. If that is impossible (no
  /// permission in the directory, a mount on the file, an access control list), or it is another user's in a
  /// directory that others may change, it is overwritten. If it is gone, it is made anew, with no more rights
  /// for anybody; if its directory is gone, too, in one of our own that has been made at its path since,
  /// where as root nobody else can have chosen it. Any other file that has its name by then stays: EEXIST, or
  /// EACCES. Anything but a regular file is written to. Returns 0 or an errno: ENOENT if it would have to be
  /// made anew where a link has led.
  int write(std::string_view content, const BeforeMaking& before_making) const;

 private:
  /// Who has access to a file.
  struct Rights {
    struct stat status;
    bool has_list;
  };
  static std::optional<Rights> rights_of(int file) noexcept;

  OutputFile() = default;
  int make_missing(const BeforeMaking& before_making);
  void remember_directory(const std::string& path);
  std::optional<Place> place_in_new_directory() const;
  int write_existing(std::string_view content, const BeforeMaking& before_making) const;
  int write_new(std::string_view content, const BeforeMaking& before_making) const;
  int make_anew(const Place& place, std::string_view content, const BeforeMaking& before_making) const;

  Fd file_;  ///< empty if it is missing
  bool is_stream_ = false;
  std::optional<Place> place_;            ///< empty if it is unknown, or of no use
  std::optional<Rights> missing_rights_;  ///< which a missing file would have had before the run
  std::unique_ptr<PendingFile> pending_;  ///< that file, where it needs no temporary name during the run
  std::string directory_path_;            ///< of the place; empty if a link has led there
  timespec opened_at_{};                  ///< by the clock of the file system's times
};

/// Advice for ENOENT from OutputFile::write().
constexpr const char* kNameIsGone =
    "It, or its directory, was removed during the run. Name a file in a directory that the command leaves "
    "alone.";

}  // namespace nslaunch::sys
