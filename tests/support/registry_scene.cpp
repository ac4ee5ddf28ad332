#include "support/registry_scene.hpp"

#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "support/namespaces.hpp"
#include "support/process.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/process/identity.hpp"

namespace nslaunch::test {
namespace {

constexpr std::chrono::seconds kLimit{20};

/// Of another process's child nothing is left when the test is killed.
void die_with(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(70);
}

}  // namespace

StateDir::StateDir() {
  ::setenv("NSLAUNCH_STATE_DIR", path().c_str(), 1);
}

StateDir::~StateDir() {
  ::unsetenv("NSLAUNCH_STATE_DIR");
  ::chmod(path().c_str(), 0700);  // or the directory around it could not be removed
}

std::vector<std::string> StateDir::names() const {
  std::vector<std::string> found;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(path(), ignored)) {
    found.push_back(entry.path().filename().string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

IdleProcess::IdleProcess(const std::function<void()>& prepare) {
  auto ready = sys::make_pipe();
  const pid_t parent = ::getpid();
  pid_ = fork_child([&]() -> int {
    die_with(parent);
    ready.read.reset();
    prepare();
    sys::write_all(ready.write.get(), "x");
    ready.write.reset();
    for (;;) ::pause();
  });
  ready.write.reset();
  pidfd_ = sys::Pidfd::open(pid_).value();
  identity_ = sys::identify(pid_, pidfd_);
  char prepared = 0;  // what it has started may keep the pipe open
  if (sys::retry_on_eintr([&] { return ::read(ready.read.get(), &prepared, 1); }) != 1)
    throw std::runtime_error("a process of the scene ended early");
}

IdleProcess::~IdleProcess() {
  kill();
}

int IdleProcess::await_end() {
  if (!pidfd_.wait_for_end(kLimit)) throw std::runtime_error("a process of the scene did not end");
  int status = 0;
  reaped_ = sys::retry_on_eintr([&] { return ::waitpid(pid_, &status, 0); }) == pid_;
  return status;
}

void IdleProcess::kill() {
  if (reaped_) return;
  pidfd_.send_signal(SIGKILL);
  await_end();
}

int await_exit(pid_t child) {
  int status = 0;
  if (sys::retry_on_eintr([&] { return ::waitpid(child, &status, 0); }) != child) return -1;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

ProcessIdentity own_identity() {
  const auto pidfd = sys::Pidfd::open(::getpid());
  return sys::identify(::getpid(), pidfd.value());
}

ShardRecord make_record(const std::string& id) {
  ShardRecord record;
  record.id = id;
  record.name = "name of " + id;
  record.run_id = id;
  record.command = {"npm", "test"};
  record.cwd = "/somewhere";
  record.uid = ::geteuid();
  record.started_at = 1'700'000'000;  // the same for all: then lists are in order of the ids
  record.isolation = "net,pid,mnt,ipc,tmp";
  record.launcher = own_identity();
  return record;
}

registry::PublishedRecord publish(const ShardRecord& record) {
  std::string problem;
  auto published = registry::PublishedRecord::publish(record, problem);
  if (!published) throw std::runtime_error(problem);
  return std::move(*published);
}

void leave_record(const ShardRecord& record) {
  publish(record).abandon();
}

void be_launcher(const std::string& id, const ProcessIdentity& init, const std::string& run_id,
                 bool fleet_member) {
  auto record = make_record(id);
  record.fleet_member = fleet_member;
  if (!run_id.empty()) record.run_id = run_id;
  record.init = init;
  auto published = publish(record);
  published.set_state(ShardState::kRunning);
  static auto kept = std::move(published);  // till this process ends
}

std::string error_of(const ShardEntry& entry, int signal) {
  try {
    signal_shard(entry, signal);
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

std::vector<ShardEntry> list() {
  std::vector<std::string> warnings;
  auto entries = list_shards(false, warnings);
  if (!warnings.empty()) throw std::runtime_error("a warning: " + warnings.front());
  return entries;
}

void sweep_unhurried() {
  registry::sweep({.time = kPatience});
}

std::string states() {
  std::string text;
  for (const auto& entry : list()) {
    text += (text.empty() ? "" : ", ") + entry.record.id + " " + to_string(entry.state);
    if (entry.foreign) text += "/foreign";
  }
  return text;
}

void write(const std::string& path, const std::string& content) {
  std::ofstream file(path, std::ios::binary);
  file << content;
  file.close();
  if (!file) throw std::runtime_error("can't write " + path);
}

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string in_private_mounts(const std::function<std::string()>& body) {
  return in_new_namespaces(CLONE_NEWNS, [&] {
    sys::check(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "making mounts private");
    for (const char* path : {"/tmp", "/run"}) {
      sys::check(::mount("tmpfs", path, "tmpfs", 0, "mode=1777,size=1m"), "mounting on {}", path);
    }
    return body();
  });
}

}  // namespace nslaunch::test
