#pragma once

#include <nslaunch/registry.hpp>

#include <chrono>
#include <string>

#include "registry/record/entry.hpp"

namespace nslaunch::registry {

/// Removes what dead launchers left, one entry of a directory at a time, and counts it.
class Reaper {
 public:
  /// If `thorough`, it also removes damaged records, which no launcher can own any more.
  explicit Reaper(bool thorough) noexcept : thorough_(thorough) {}

  /// `type` as in readdir(3); an orphaned shard's init gets `patience` to end. Never throws. Returns whether
  /// it was a record or a note that no launcher holds, which is what costs time.
  bool reap(const Directory& directory, const char* name, unsigned char type,
            std::chrono::milliseconds patience);

  const ReapResult& result() const noexcept { return result_; }

 private:
  std::optional<RecordFile> take(const Directory& directory, const char* name, unsigned char type);
  void reap_record(const Directory& directory, const char* name, unsigned char type,
                   std::chrono::milliseconds patience);
  void reap_note(const Directory& directory, const char* name, unsigned char type);
  void reap_damaged(const Directory& directory, const char* name, const RecordFile& file);
  void reap_orphan(const Directory& directory, const char* name, const ProcessIdentity& init,
                   std::chrono::milliseconds patience);
  bool unlink_record(const Directory& directory, const char* name);

  bool thorough_;
  bool seized_ = false;
  Viewpoint viewpoint_;
  ReapResult result_;
};

}  // namespace nslaunch::registry
