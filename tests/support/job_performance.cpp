#include "support/job_performance.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <regex>
#include <sstream>
#include <stdexcept>

#include "support/process.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::test {
namespace {

Words start_of(Shell shell) {
  switch (shell) {
    case Shell::kBash:
      return {"bash", "--norc", "--noprofile", "--noediting", "-i"};
    case Shell::kDash:
      return {"dash", "-i"};
    case Shell::kZsh:
      return {"zsh", "-f", "-i", "+Z", "-o", "no_prompt_sp", "-o", "no_prompt_cr", "-o", "no_notify"};
    case Shell::kFish:
      break;
  }
  return {"fish", "--no-config", "-i", "-C",
          "set -g n 0; set -g fish_greeting; function fish_title; end; set -g fish_autosuggestion_enabled 0;"
          "function count_up --on-event fish_postexec; set -g n (math $n + 1); end;"
          "function fish_prompt; printf '<%s>READY%s ' $status $n; end"};
}

/// The terminal's keys throw away what has been written and not read yet, by chance one more word here than
/// there.
void prepare_terminal() {
  termios modes = {};
  ::tcgetattr(STDIN_FILENO, &modes);
  modes.c_lflag |= NOFLSH;
  ::tcsetattr(STDIN_FILENO, TCSANOW, &modes);
  const rlimit no_core = {0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
}

}  // namespace

Performance::Performance(Shell shell, const std::string& launch, std::string mark)
    : shell_(shell), direct_(launch.empty()), mark_(std::move(mark)) {
  write("s", "echo $$ > pid\nexec " + launch + " \"$@\"\n");
  write("w", "echo up\nexec sleep " + mark_ + "\n");
  for (const auto& script : job_scripts()) {
    write(script.name, std::regex_replace(script.text, std::regex("sleep 1000"), "sleep " + mark_));
  }
  sys::check(::mkfifo((directory_ / "fifo").c_str(), 0600), "making a fifo");
  StartOptions options;
  options.directory = directory_.path();
  options.environment = {"NSLAUNCH_STATE_DIR=" + records_.path(),
                         "TERM=dumb",
                         "HISTFILE=",
                         "HOME=" + directory_.path(),
                         std::string("PS1=<") + (shell == Shell::kZsh ? "%?" : "$?") + ">READY ",
                         "PATH=" + directory_.path() + ":/usr/bin:/bin",
                         "PROMPT_COMMAND",
                         "ENV"};
  options.prepare = prepare_terminal;
  terminal_.emplace(start_of(shell), options, PtySession::Size{24, 200});
  expect("READY");
  expect(" ");
}

Performance::~Performance() {
  terminal_.reset();
  for (const auto& text : {mark_, directory_.path() + "/"}) {
    for (const pid_t pid : find_processes(text)) ::kill(pid, SIGKILL);
  }
}

void Performance::take(const std::string& step) {
  if (step.starts_with("shard: ")) return direct_ ? void() : take(step.substr(7));
  if (step.starts_with("direct: ")) return direct_ ? take(step.substr(8)) : void();
  const auto rest = step.size() > 2 ? step.substr(2) : std::string();
  if (step == "$") return expect_prompt();
  if (step == "release") return release();
  if (step == "close") return terminal_->hang_up();
  if (step[0] == '>') return type(rest);
  if (step[0] == '<') return terminal_->send(rest + "\n");
  // A job may write before its shell has made it the foreground's.
  if (step[0] == '^') return press(step[1], rest.empty() ? "@fg" : rest.substr(1));
  if (step[0] == '=') return expect(rest);
  await(step);
}

std::string Performance::raw() const {
  return seen_;
}

std::string Performance::screen() const {
  static const std::regex kSequence("\x1b(\\[[0-9;?<>=]*[A-Za-z]|\\][^\x07]*\x07|[()].|[=>])");
  static const std::regex kVarying(
      "\t[0-9]+(?=\t)|\\b[0-9]{4,}\\b|^\\[1\\] [0-9]+$|(^\\[1\\] *[-+] *)[0-9]*");
  const std::regex prompt(std::string(shell_ == Shell::kFish ? ".*" : "") + "<([0-9]+)>READY.*");
  // fish begins it where the cursor stands.
  static const std::regex kForeground("Send job");
  const auto plain = std::regex_replace(seen_, kSequence, "");
  std::istringstream lines(std::regex_replace(plain, kForeground, "\n$&") + "\n" + out());
  std::string shown;
  std::string last;
  for (std::string line; std::getline(lines, line);) {
    line.erase(std::remove(line.begin(), line.end(), '\r'), line.end());
    line.erase(line.find_last_not_of(' ') + 1);
    line = std::regex_replace(line, prompt, "<$1>");
    const bool repainted = line == last && line.front() == '<';
    last = line;
    if (!line.empty() && !repainted) shown += std::regex_replace(line, kVarying, "PID ") + "\n";
  }
  return shown;
}

void Performance::write(const std::string& name, const std::string& text) const {
  std::ofstream(directory_ / name) << "#!/bin/sh\n" << text;
  ::chmod((directory_ / name).c_str(), 0755);
}

std::string Performance::out() const {
  return sys::read_file((directory_ / "out").c_str(), 4096).value_or("");
}

void Performance::release() {
  fifo_ = sys::Fd(::open((directory_ / "fifo").c_str(), O_RDWR | O_CLOEXEC));
  sys::write_all(fifo_.get(), "\n");
}

void Performance::await(const std::string& state) {
  if (!eventually([&] { return holds(state); }))
    throw std::runtime_error(state + " never came; seen: " + seen_ + terminal_->unread());
}

void Performance::press(char key, const std::string& state) {
  await(state);
  terminal_->send(std::string(1, static_cast<char>(key & 0x1f)));
}

void Performance::expect(const std::string& text) {
  seen_ += terminal_->read_until(text) + text;
}

void Performance::type(const std::string& line) {
  terminal_->send(line + (shell_ == Shell::kFish ? "\r" : "\n"));
  ++typed_;
}

void Performance::expect_prompt() {
  expect(shell_ == Shell::kFish ? "READY" + std::to_string(typed_) + " " : "READY ");
}

std::vector<sys::ProcessStat> Performance::jobs() const {
  std::vector<sys::ProcessStat> found;
  for (const pid_t pid : sys::all_pids()) {
    const auto stat = sys::read_stat(pid);
    if (!stat || stat->session != terminal_->pid() || pid == terminal_->pid() || stat->state == 'Z') continue;
    if (stat->process_group == pid && stat->comm != "hold") found.push_back(*stat);
  }
  return found;
}

bool Performance::has_part(const std::function<bool(const sys::ProcessStat&)>& wanted) const {
  const auto all = sys::all_pids();
  return std::any_of(all.begin(), all.end(), [&](pid_t pid) {
    const auto stat = sys::read_stat(pid);
    return stat && pid != terminal_->pid() && stat->session == terminal_->pid() && wanted(*stat);
  });
}

bool Performance::has_unlaunched_part() const {
  const auto shell = sys::read_stat(terminal_->pid());
  return has_part([&](const auto& stat) { return shell && stat.comm == shell->comm; });
}

bool Performance::holds(const std::string& state) {
  const auto all = jobs();
  if (state == "@gone") return all.empty();
  // A whole line: "nohup: " has up in it and comes before nohup(1) ignores SIGHUP.
  if (state.starts_with("@out "))
    return ("\n" + out()).find("\n" + state.substr(5) + "\n") != std::string::npos;
  if (state == "@part")
    return !has_unlaunched_part() && has_part([](const auto& stat) { return stat.state == 'T'; });
  if (state == "@no shell") {
    const auto stat = sys::read_stat(terminal_->pid());
    return !stat || stat->state == 'Z';
  }
  if (state == "@stopped") return !all.empty() && all.front().state == 'T';
  return !all.empty() && all.front().state != 'T' && terminal_->foreground_group() == all.front().pid &&
         !has_unlaunched_part();
}

}  // namespace nslaunch::test
