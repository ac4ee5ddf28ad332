#include "registry/record/published_record.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>

#include "registry/place/directories.hpp"
#include "registry/place/locked_file.hpp"
#include "registry/place/names.hpp"
#include "registry/place/private_umask.hpp"
#include "registry/record/control.hpp"
#include "registry/record/header.hpp"
#include "registry/record/record.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/base/signals.hpp"
#include "sys/base/text.hpp"

namespace nslaunch::registry {
namespace {

void write_text(int file, const std::string& text) {
  const sys::IgnoredFileSizeSignal ignored;
  if (const int error = sys::write_all(file, text); error != 0) {
    throw Error(sys::errno_code(error), "writing the record");
  }
}

/// Gives the finished file its name; with RENAME_NOREPLACE only if no shard of that id has it.
void name_it(int directory, const std::string& temporary, const std::string& name, unsigned flags) {
  int result = ::renameat2(directory, temporary.c_str(), directory, name.c_str(), flags);
  // Some file systems (NFS) don't support RENAME_NOREPLACE.
  if (result != 0 && (errno == EINVAL || errno == ENOSYS)) {
    result = ::renameat(directory, temporary.c_str(), directory, name.c_str());
  }
  sys::check(result, "naming the record {}", name);
}

/// A record is locked and complete before other processes can see it under its name: a reaper that finds it
/// unlocked knows that its launcher is gone (K15).
sys::Fd write_record(int directory, const ShardRecord& record, ShardState state, unsigned flags) {
  auto file = make_locked_file(directory,
                               [&](unsigned tried) { return temporary_name(record.id, ::getpid(), tried); });
  try {
    write_text(file.fd.get(), encode(record, state));
    name_it(directory, file.name, record_name(record.id), flags);
  } catch (...) {
    ::unlinkat(directory, file.name.c_str(), 0);
    throw;
  }
  return std::move(file.fd);
}

}  // namespace

std::optional<PublishedRecord> PublishedRecord::publish(const ShardRecord& record, std::string& problem) {
  if (!is_valid_id(record.id)) {
    problem = "the shard is not recorded: '" + sys::escape(record.id) + "' can't be an id";
    return std::nullopt;
  }
  try {
    auto directory = open_directory_to_publish(problem);
    if (!directory) return std::nullopt;
    auto file = write_record(directory->fd.get(), record, ShardState::kStarting, RENAME_NOREPLACE);
    return PublishedRecord(std::move(directory->fd), std::move(file), record_name(record.id));
  } catch (const std::exception& error) {
    problem = std::string("the shard is not recorded: ") + error.what();
    return std::nullopt;
  }
}

PublishedRecord::PublishedRecord(sys::Fd directory, sys::Fd file, std::string name)
    : directory_(std::move(directory)), file_(std::move(file)), name_(std::move(name)) {}

PublishedRecord::PublishedRecord(PublishedRecord&&) noexcept = default;

PublishedRecord& PublishedRecord::operator=(PublishedRecord&& other) noexcept {
  if (this == &other) return *this;
  remove();
  directory_ = std::move(other.directory_);
  file_ = std::move(other.file_);
  name_ = std::move(other.name_);
  return *this;
}

PublishedRecord::~PublishedRecord() {
  remove();
}

void PublishedRecord::rewrite(const ShardRecord& record, ShardState state) noexcept {
  if (!file_) return;
  try {
    file_ = write_record(directory_.get(), record, state, 0);
  } catch (const std::exception&) {  // a record that claims too much is better than none
  }
}

void PublishedRecord::set_state(ShardState state) noexcept {
  const char letter = state_letter(state);
  if (!file_ || letter == 0) return;
  (void)!::pwrite(file_.get(), &letter, 1, kStateOffset);
}

sys::Fd PublishedRecord::make_control_socket() noexcept {
  try {
    const auto name = socket_name(id_of(name_));
    sys::Fd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const auto address = address_in(directory_.get(), name);
    const auto bind = [&] {
      return ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    };
    const PrivateUmask umask;
    int bound = bind();
    if (bound != 0 && errno == EADDRINUSE) {  // left by a killed shard that happened to have this id
      ::unlinkat(directory_.get(), name.c_str(), 0);
      bound = bind();
    }
    if (bound != 0) return {};
    return socket;
  } catch (const std::exception&) {
    return {};
  }
}

void PublishedRecord::remove() noexcept {
  if (!file_) return;
  // The socket first: without its record, no process would look for it.
  const int removed = ::unlinkat(directory_.get(), socket_name(id_of(name_)).c_str(), 0);
  if (removed == 0 || errno == ENOENT) ::unlinkat(directory_.get(), name_.c_str(), 0);
  abandon();
}

void PublishedRecord::abandon() noexcept {
  file_.reset();
  directory_.reset();
}

}  // namespace nslaunch::registry
