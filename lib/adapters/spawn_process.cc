#include "lib/adapters/spawn_process.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/adapters/files.h"
#include "lib/adapters/pidfd.h"

extern char** environ;

namespace libcontainerd {
namespace {

constexpr char kOomFile[] = "/proc/self/oom_score_adj";
constexpr int kFirstFreeDescriptor = 3;

enum class Stage : int { kSession, kDeathSignal, kOomScore, kStreams, kExec };

// What the child tells over the pipe; closing it at the exec tells the rest.
struct Report {
  Stage stage = Stage::kExec;
  int error = 0;
};

// Everything that the child needs, made before the fork: it may not allocate.
struct Plan {
  std::string path;
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
  std::vector<char*> argv;
  std::vector<char*> envp;
  std::string oom_score;
  UniqueFd in;
  UniqueFd out;
  UniqueFd err;
  UniqueFd report;  // the writing end
  pid_t parent = 0;
};

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> EnvironmentWithout(const std::vector<std::string>& removed) {
  std::vector<std::string> kept;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::string name = text.substr(0, text.find('='));
    if (std::find(removed.begin(), removed.end(), name) == removed.end()) kept.push_back(text);
  }
  return kept;
}

// --- The child, between fork and exec: async-signal-safe calls only. ---

void Tell(int pipe, Stage stage, int error) {
  const Report report{stage, error};
  const ssize_t written = ::write(pipe, &report, sizeof report);
  static_cast<void>(written);  // a parent that is gone needs no report
}

[[noreturn]] void GiveUp(int pipe, Stage stage, int error) {
  Tell(pipe, stage, error);
  ::_exit(127);
}

// Returns an errno.
int WriteOomScore(const char* score, std::size_t length) {
  const int file = ::open(kOomFile, O_WRONLY | O_CLOEXEC);
  if (file < 0) return errno;
  const int error = ::write(file, score, length) < 0 ? errno : 0;
  ::close(file);
  return error;
}

void ResetSignals() {
  struct sigaction by_default {};
  by_default.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &by_default, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void BecomeDaemon(const Plan& plan) {
  const int pipe = plan.report.get();
  if (::setsid() < 0) GiveUp(pipe, Stage::kSession, errno);
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) GiveUp(pipe, Stage::kDeathSignal, errno);
  if (::getppid() != plan.parent) ::_exit(127);  // it died before it could take us along
  if (const int error = WriteOomScore(plan.oom_score.data(), plan.oom_score.size()); error != 0) {
    if (error != EACCES && error != EPERM) GiveUp(pipe, Stage::kOomScore, error);
    Tell(pipe, Stage::kOomScore, error);
  }
  if (::dup2(plan.in.get(), 0) < 0 || ::dup2(plan.out.get(), 1) < 0 ||
      ::dup2(plan.err.get(), 2) < 0) {
    GiveUp(pipe, Stage::kStreams, errno);
  }
  // Whatever was opened without care; an old kernel that cannot do it leaves them open.
  static_cast<void>(::syscall(SYS_close_range, kFirstFreeDescriptor, ~0U, CLOSE_RANGE_CLOEXEC));
  ResetSignals();
  ::execve(plan.path.c_str(), plan.argv.data(), plan.envp.data());
  GiveUp(pipe, Stage::kExec, errno);
}

// --- The parent ---

Error FailureOf(const DaemonCommand& command, const Plan& plan, const Report& report) {
  switch (report.stage) {
    case Stage::kSession:
      return SystemError("setsid for", plan.path, report.error);
    case Stage::kDeathSignal:
      return SystemError("death signal for", plan.path, report.error);
    case Stage::kOomScore:
      return SystemError("write oom_score_adj", std::to_string(command.oom_score_adj),
                         report.error);
    case Stage::kStreams:
      return SystemError("streams of", plan.path, report.error);
    case Stage::kExec:
      break;
  }
  return SystemError("fork/exec", plan.path, report.error);
}

// A copy that stands clear of the child's own 0, 1 and 2.
Result<UniqueFd> Copy(int descriptor) {
  UniqueFd copy(::fcntl(descriptor, F_DUPFD_CLOEXEC, kFirstFreeDescriptor));
  if (!copy) return Fail(SystemError("dup", std::to_string(descriptor), errno));
  return copy;
}

Status OpenStreams(Plan& plan, int stdout_fd, int stderr_fd) {
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) return Fail(SystemError("open", "/dev/null", errno));
  const auto open_one = [](UniqueFd& stream, int descriptor) -> Status {
    Result<UniqueFd> copy = Copy(descriptor);
    if (!copy) return Fail(std::move(copy).error());
    stream = std::move(*copy);
    return {};
  };
  Status opened = open_one(plan.in, null.get());
  // An engine that closed its own output has none to give.
  if (opened && !open_one(plan.out, stdout_fd)) opened = open_one(plan.out, null.get());
  if (opened && !open_one(plan.err, stderr_fd)) opened = open_one(plan.err, null.get());
  return opened;
}

Result<Plan> MakePlan(const DaemonCommand& command, int stdout_fd, int stderr_fd) {
  Plan plan;
  plan.path = FindProgram(command.program);
  if (plan.path.empty()) {
    return Fail(ErrorCode::kNotFound,
                "exec: \"" + command.program + "\": executable file not found in $PATH");
  }
  plan.arguments = command.arguments;
  plan.arguments.insert(plan.arguments.begin(), command.program);
  plan.environment = EnvironmentWithout(command.removed_environment);
  plan.argv = Pointers(plan.arguments);
  plan.envp = Pointers(plan.environment);
  plan.oom_score = std::to_string(command.oom_score_adj);
  plan.parent = ::getpid();
  if (Status opened = OpenStreams(plan, stdout_fd, stderr_fd); !opened) {
    return Fail(std::move(opened).error());
  }
  return plan;
}

void Reap(pid_t pid) {
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

std::optional<Report> ReadReport(int pipe) {
  Report report;
  while (true) {
    const ssize_t count = ::read(pipe, &report, sizeof report);
    if (count < 0 && errno == EINTR) continue;
    if (count != static_cast<ssize_t>(sizeof report)) return std::nullopt;
    return report;
  }
}

bool IsExecutableFile(const std::string& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 && S_ISREG(found.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

std::string FindProgram(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const char* variable = std::getenv("PATH");
  const std::string list = variable != nullptr ? variable : "";
  for (std::size_t begin = 0; begin <= list.size() && !name.empty();) {
    const std::size_t end = std::min(list.find(':', begin), list.size());
    const std::string directory = end > begin ? list.substr(begin, end - begin) : ".";
    std::string path = directory + "/" + name;
    if (IsExecutableFile(path)) return path;
    begin = end + 1;
  }
  return {};
}

Result<SpawnedProcess> SpawnProcess(const DaemonCommand& command, int stdout_fd, int stderr_fd) {
  Result<Plan> plan = MakePlan(command, stdout_fd, stderr_fd);
  if (!plan) return Fail(std::move(plan).error());
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return Fail(SystemError("pipe for", plan->path, errno));
  const UniqueFd reports(ends[0]);
  {
    const UniqueFd report(ends[1]);
    // Clear of what the child makes its own streams, in a process that had closed some of its own.
    Result<UniqueFd> clear = Copy(report.get());
    if (!clear) return Fail(std::move(clear).error());
    plan->report = std::move(*clear);
  }

  SpawnedProcess spawned;
  spawned.pid = ::fork();
  if (spawned.pid == 0) BecomeDaemon(*plan);
  if (spawned.pid < 0) return Fail(SystemError("fork/exec", plan->path, errno));
  plan->report = UniqueFd();
  spawned.pidfd = UniqueFd(OpenPidfd(spawned.pid));
  const int pidfd_error = errno;
  while (const std::optional<Report> report = ReadReport(reports.get())) {
    Error failure = FailureOf(command, *plan, *report);
    const bool fatal =
        report->stage != Stage::kOomScore || (report->error != EACCES && report->error != EPERM);
    if (!fatal) {
      spawned.warning = std::move(failure.message);
      continue;
    }
    Reap(spawned.pid);
    return Fail(std::move(failure));
  }
  if (!spawned.pidfd) {
    ::kill(spawned.pid, SIGKILL);
    Reap(spawned.pid);
    return Fail(SystemError("pidfd of", plan->path, pidfd_error));
  }
  return spawned;
}

}  // namespace libcontainerd
