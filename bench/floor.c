// The floor: the least a program can do and still run a command in its own network, PID,
// mount and IPC namespaces with `lo` up, a fresh /proc and a private /tmp. No options, no
// registry, no supervision, no promises. The benchmark's budgets are ratios to this.
//
//   nslaunch_floor COMMAND [ARG...]
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kFailed = 125, kNotFound = 127, kSignalled = 128 };

static void die(const char* doing) {
  fprintf(stderr, "nslaunch_floor: %s: %s\n", doing, strerror(errno));
  _exit(kFailed);
}

static void check(long rc, const char* doing) {
  if (rc < 0) die(doing);
}

static int as_exit_status(int status) {
  return WIFSIGNALED(status) ? kSignalled + WTERMSIG(status) : WEXITSTATUS(status);
}

// Without both capabilities the namespaces have to come with a user namespace.
static bool is_privileged(void) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];
  check(syscall(SYS_capget, &header, caps), "reading the capabilities");
  const unsigned needed = 1U << CAP_SYS_ADMIN | 1U << CAP_NET_ADMIN;
  return (caps[0].effective & needed) == needed;
}

static void write_file(const char* path, const char* text) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  check(fd, path);
  check(write(fd, text, strlen(text)), path);
  close(fd);
}

// Runs inside: an unprivileged process may map its own ids itself, once setgroups is denied.
static void map_own_ids(uid_t uid, gid_t gid) {
  char map[64];
  write_file("/proc/self/setgroups", "deny");
  snprintf(map, sizeof map, "%u %u 1", uid, uid);
  write_file("/proc/self/uid_map", map);
  snprintf(map, sizeof map, "%u %u 1", gid, gid);
  write_file("/proc/self/gid_map", map);
}

static void bring_up_loopback(void) {
  struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  check(fd, "opening a socket");
  check(ioctl(fd, SIOCSIFFLAGS, &request), "bringing lo up");
  close(fd);
}

static void make_mounts(void) {
  const unsigned long safe = MS_NOSUID | MS_NODEV;
  check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "making the mounts private");
  check(mount("proc", "/proc", "proc", safe | MS_NOEXEC, NULL), "mounting /proc");
  check(mount("tmpfs", "/tmp", "tmpfs", safe, "mode=1777"), "mounting /tmp");
}

static pid_t fork_command(char** argv) {
  const pid_t pid = fork();
  check(pid, "forking");
  if (pid == 0) {
    execvp(argv[0], argv);
    fprintf(stderr, "nslaunch_floor: %s: %s\n", argv[0], strerror(errno));
    _exit(kNotFound);
  }
  return pid;
}

// PID 1: when it exits, the kernel ends whatever is left.
static int reap_until(pid_t command) {
  for (;;) {
    int status = 0;
    const pid_t pid = wait(&status);
    check(pid, "waiting for the command");
    if (pid == command) return as_exit_status(status);
  }
}

static int run_as_init(char** argv) {
  bring_up_loopback();
  make_mounts();
  return reap_until(fork_command(argv));
}

int main(int argc, char** argv) {
  if (argc < 2) {
    fputs("usage: nslaunch_floor COMMAND [ARG...]\n", stderr);
    return kFailed;
  }
  const uid_t uid = geteuid();
  const gid_t gid = getegid();
  const int user = is_privileged() ? 0 : CLONE_NEWUSER;
  const int flags = CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | user | SIGCHLD;

  // The raw call forks when it is given no stack.
  const pid_t init = (pid_t)syscall(SYS_clone, (long)flags, 0L, 0L, 0L, 0L);
  check(init, "making the namespaces");
  if (init == 0) {
    if (user) map_own_ids(uid, gid);
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // not enough for a promise, enough for a benchmark
    _exit(run_as_init(argv + 1));
  }
  int status = 0;
  check(waitpid(init, &status, 0), "waiting for init");
  return as_exit_status(status);
}
