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

/// What this process makes outside of the registry and removes again, written down in the registry's
/// directory before it is made, so that the next nslaunch command removes it where this process is killed.
/// The file is made when there is something to write, and locked for as long as this process lives. It is the
/// best that can be had: where the registry is sick nothing is written, and who is told of it says so.
class LeftoverNote {
 public:
  /// `tell` hears of what can't be removed at the end, with what to do; it must outlive this.
  using Warn = std::function<void(std::string_view)>;
  explicit LeftoverNote(Warn warn = {}) noexcept : warn_(std::move(warn)) {}
  LeftoverNote(const LeftoverNote&) = delete;
  LeftoverNote& operator=(const LeftoverNote&) = delete;
  /// Removes what is still there, and the note; where that fails it tells, and the note stays for the next
  /// command.
  ~LeftoverNote();

  /// `name` must begin with ".nslaunch-". With AT_FDCWD it is an absolute path without links. False
  /// where the next command could not find it: where it is can't be told, as below a directory that is closed
  /// to us, or nothing can be written down.
  bool add(int directory, const std::string& name) noexcept;
  /// What add() has told of last is this directory. Of another one nothing but its name will be removed, and
  /// that only where it is empty: whoever may write beside it can put one there.
  void made(int directory) noexcept;
  /// add() and made(), for who makes them; this must outlive it.
  sys::BeforeMaking hook();
  /// What must stay open.
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
  bool is_noted_ = false;  ///< the last that was to be added
};

/// The beginning of a note: who has written it.
struct NoteOrigin {
  bool complete = false;  ///< false: its writer was killed before anything else could be written
  bool newer = false;
  ProcessIdentity writer;             ///< its boot and PID namespace
  std::uint64_t mount_namespace = 0;  ///< 0: not told
};

/// Takes the origin off the front.
NoteOrigin take_origin_of_note(std::string_view& text);

}  // namespace nslaunch::registry
