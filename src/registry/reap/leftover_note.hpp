#pragma once

#include <nslaunch/registry.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/place/directories.hpp"
#include "sys/base/fd.hpp"
#include "sys/files/pending_file.hpp"

namespace nslaunch::registry {

/// Lists what this process creates outside the registry and removes again. It is noted in the registry's
/// directory before it is created, so that the next nslaunch command removes it if this process is killed.
/// The file is created when there is something to write, and locked for as long as this process lives. This
/// is best effort: if the registry can't be used, nothing is written, and the code that gets the error
/// reports it.
class LeftoverNote {
 public:
  /// `warn` receives what can't be removed at the end, with what to do; it must outlive this.
  using Warn = std::function<void(std::string_view)>;
  explicit LeftoverNote(Warn warn = {}) noexcept : warn_(std::move(warn)) {}
  LeftoverNote(const LeftoverNote&) = delete;
  LeftoverNote& operator=(const LeftoverNote&) = delete;
  /// Removes what is still there, and the note; if that fails, it warns, and the note stays for the next
  /// command.
  ~LeftoverNote();

  /// `name` must begin with ".nslaunch-". With AT_FDCWD it is an absolute path without links. False if the
  /// next command could not find it: its path can't be determined, e.g. below a directory that we can't
  /// access, or nothing can be written.
  bool add(int directory, const std::string& name) noexcept;
  /// The last entry passed to add() is this directory. Of any other directory there only the name will be
  /// removed, and only if it is empty: any user who may write beside it can put one there.
  void made(int directory) noexcept;
  /// add() and made(), for the code that creates the entries; this must outlive it.
  sys::BeforeMaking hook();
  /// The descriptors that must stay open.
  std::vector<int> descriptors() const;

 private:
  bool begin();
  bool write(const std::string& entry);

  Warn warn_;
  std::optional<Directory> directory_;
  sys::Fd file_;
  std::string name_;
  std::string text_;
  bool tried_ = false;
  bool is_noted_ = false;  ///< whether the last entry was noted
};

/// The beginning of a note: the process that wrote it.
struct NoteOrigin {
  bool complete = false;  ///< false: its writer was killed before anything else could be written
  bool newer = false;
  ProcessIdentity writer;             ///< its boot and PID namespace
  std::uint64_t mount_namespace = 0;  ///< 0: unknown
};

/// Takes the origin off the front.
NoteOrigin take_origin_of_note(std::string_view& text);

}  // namespace nslaunch::registry
