// Runs a static-pie program one instruction at a time and prints where it executes, in the order of first
// use: offsets from the start of its file, in decimal. Its forks are followed, what they execute is not.
// scripts/launch-order makes the linker's order of the launch's functions of it.
//
//   nslaunch_first_use PROGRAM [ARG...]
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kLargestProgram = 1 << 24, kEventShift = 16 };

static bool seen[kLargestProgram];

static void check(long rc, const char* doing) {
  if (rc >= 0) return;
  fprintf(stderr, "nslaunch_first_use: %s: %s\n", doing, strerror(errno));
  exit(EXIT_FAILURE);
}

// The lowest address of what the process has mapped is its program.
static unsigned long load_address(pid_t pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/maps", pid);
  FILE* maps = fopen(path, "r");
  unsigned long address = 0;
  check(maps != NULL && fscanf(maps, "%lx", &address) == 1 ? 0 : -1, "looking where the program is");
  fclose(maps);
  return address;
}

static pid_t start(char** argv) {
  const pid_t pid = fork();
  check(pid, "forking");
  if (pid == 0) {
    check(ptrace(PTRACE_TRACEME, 0, NULL, NULL), "asking to be traced");
    raise(SIGSTOP);
    execv(argv[0], argv);
    check(-1, argv[0]);
  }
  check(waitpid(pid, NULL, 0), "waiting for the program");
  const long options =
      PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
  check(ptrace(PTRACE_SETOPTIONS, pid, NULL, options), "tracing");
  check(ptrace(PTRACE_CONT, pid, NULL, NULL), "tracing");
  check(waitpid(pid, NULL, 0), "waiting for the exec");
  return pid;
}

static void note(pid_t pid, unsigned long base) {
  struct user_regs_struct registers;
  if (ptrace(PTRACE_GETREGS, pid, NULL, &registers) != 0) return;  // killed meanwhile
  const unsigned long offset = registers.rip - base;
  if (offset >= kLargestProgram || seen[offset]) return;
  seen[offset] = true;
  printf("%lu\n", offset);
}

int main(int argc, char** argv) {
  if (argc < 2) {
    fputs("usage: nslaunch_first_use PROGRAM [ARG...]\n", stderr);
    return EXIT_FAILURE;
  }
  pid_t pid = start(argv + 1);
  const unsigned long base = load_address(pid);
  check(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL), "stepping");
  int status = 0;
  while ((pid = waitpid(-1, &status, __WALL)) > 0) {
    if (!WIFSTOPPED(status)) continue;
    if (status >> kEventShift == PTRACE_EVENT_EXEC) {
      ptrace(PTRACE_DETACH, pid, NULL, NULL);
      continue;
    }
    note(pid, base);
    const int signal = WSTOPSIG(status);
    const bool ours = signal == SIGTRAP || signal == SIGSTOP;
    ptrace(PTRACE_SINGLESTEP, pid, NULL, (long)(ours ? 0 : signal));
  }
  return EXIT_SUCCESS;
}
