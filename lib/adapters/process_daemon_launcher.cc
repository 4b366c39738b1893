#include "libcontainerd/process_daemon_launcher.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <filesystem>
#include <mutex>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <asio/posix/stream_descriptor.hpp>

#include "lib/adapters/files.h"
#include "lib/adapters/pidfd.h"
#include "lib/adapters/spawn_process.h"
#include "lib/adapters/unique_fd.h"

namespace libcontainerd {
namespace {

constexpr std::size_t kCommandNameBytes = 15;  // of which the kernel keeps so many

// A process and its pidfd. Thread-safe.
class HeldProcess {
 public:
  HeldProcess(DaemonPid pid, UniqueFd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}

  DaemonPid pid() const { return pid_; }
  int pidfd() const { return pidfd_.get(); }

  bool Ended(int timeout_ms = 0) const {
    pollfd waited{.fd = pidfd_.get(), .events = POLLIN, .revents = 0};
    return ::poll(&waited, 1, timeout_ms) > 0;
  }
  // Frees the number of a child that has ended; nothing for others'.
  void Reap() const {
    siginfo_t ignored{};
    while (::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &ignored, WEXITED | WNOHANG) != 0 &&
           errno == EINTR) {
    }
  }

 private:
  const DaemonPid pid_;
  const UniqueFd pidfd_;
};

std::string BaseName(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

std::vector<std::string> SplitAtNul(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\0', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

bool ListensOn(const std::vector<std::string>& arguments, const std::string& socket) {
  const std::string address = "unix://" + socket;
  constexpr std::string_view kNames[] = {"-l", "--l", "-listen", "--listen"};
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    for (const std::string_view name : kNames) {
      const std::string joined = std::string(name) + "=" + address;
      if (arguments[i] == joined) return true;
      if (arguments[i] == name && i + 1 < arguments.size() && arguments[i + 1] == address) {
        return true;
      }
    }
  }
  return false;
}

bool RunsProgram(const std::string& proc, const std::string& program) {
  Result<std::string> name = ReadFile(proc + "/comm");
  if (name && !name->empty() && name->back() == '\n') name->pop_back();
  if (name && *name == BaseName(program).substr(0, kCommandNameBytes)) return true;
  std::error_code error;
  const std::filesystem::path executable = std::filesystem::read_symlink(proc + "/exe", error);
  if (error) return false;
  const std::filesystem::path ours = std::filesystem::canonical(FindProgram(program), error);
  return !error && executable == ours;
}

bool IsDaemonNow(const HeldProcess& process, const DaemonCommand& command) {
  const std::string proc = "/proc/" + std::to_string(process.pid());
  const Result<std::string> arguments = ReadFile(proc + "/cmdline");
  return arguments && ListensOn(SplitAtNul(*arguments), command.socket) &&
         RunsProgram(proc, command.program) &&
         !process.Ended();  // so all of this was about the process that we hold
}

class PidfdProcess final : public DaemonProcess {
 public:
  PidfdProcess(Runtime& runtime, std::shared_ptr<const HeldProcess> held)
      : runtime_(runtime), held_(std::move(held)), descriptor_(runtime.executor()) {}

  DaemonPid pid() const override { return held_->pid(); }
  bool Alive() const override { return !held_->Ended(); }

  Awaitable<bool> IsDaemon(DaemonCommand command) override {
    return OffExecutor(runtime_, [held = held_, command = std::move(command)] {
      return IsDaemonNow(*held, command);
    });
  }

  Status Signal(int signal) override {
    if (SignalPidfd(held_->pidfd(), signal) == 0 || errno == ESRCH) return {};
    return Fail(SystemError("kill", std::to_string(pid()), errno));
  }

  void WhenEnded(UniqueFunction<void()> told) override {
    told_ = std::move(told);
    const int copy = ::fcntl(held_->pidfd(), F_DUPFD_CLOEXEC, 0);
    if (copy < 0) {
      runtime_.ReportFailure(std::make_exception_ptr(
          std::system_error(errno, std::generic_category(), "cannot watch the daemon's process")));
      return;
    }
    descriptor_.assign(copy);
    Wait();
  }

 private:
  void Wait() {
    descriptor_.async_wait(
        asio::posix::descriptor_base::wait_read,
        [this, here = std::weak_ptr<const bool>(here_)](const asio::error_code& error) {
          if (here.expired() || error) return;
          if (!held_->Ended()) return Wait();
          held_->Reap();
          asio::error_code ignored;
          descriptor_.close(ignored);
          UniqueFunction<void()> told = std::move(told_);
          told();
        });
  }

  Runtime& runtime_;
  const std::shared_ptr<const HeldProcess> held_;
  asio::posix::stream_descriptor descriptor_;
  UniqueFunction<void()> told_;
  const std::shared_ptr<const bool> here_ = std::make_shared<const bool>(true);
};

std::optional<DaemonPid> ParsePid(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  DaemonPid pid = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
  if (error != std::errc() || end != text.data() + text.size() || pid <= 0) return std::nullopt;
  return pid;
}

Result<std::optional<DaemonPid>> ReadPid(const std::string& path) {
  const Result<std::string> text = ReadFile(path);
  if (text) return ParsePid(*text);
  if (text.error().code == ErrorCode::kNotFound) return std::optional<DaemonPid>();
  return Fail(text.error());
}

Status ReplaceFile(const std::string& path, const std::string& content) {
  const std::string temporary = path + ".tmp";
  Status status = RemoveTree(temporary);
  if (status) status = WriteNewFile(temporary, content);
  if (status && ::rename(temporary.c_str(), path.c_str()) != 0) {
    status = Fail(SystemError("rename", path, errno));
  }
  if (!status) static_cast<void>(RemoveTree(temporary));
  return status;
}

Status RemoveOneFile(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return Fail(SystemError("remove", path, errno));
}

}  // namespace

// The thread that forks, and the children that it forked.
class ProcessDaemonLauncher::Spawner {
 public:
  using Job = UniqueFunction<void()>;

  Spawner() : thread_([this] { Work(); }) {}

  ~Spawner() {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
      wake_.notify_all();
    }
    thread_.join();  // the kernel's death signal goes out now
    // One that took the signal off must not keep us for ever.
    constexpr int kPatienceMs = 5000;
    for (const auto& child : children_) {
      if (child->Ended(kPatienceMs)) child->Reap();
    }
  }
  Spawner(const Spawner&) = delete;
  Spawner& operator=(const Spawner&) = delete;

  void Run(Job job) {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
    wake_.notify_all();
  }
  // The spawner's thread.
  void Keep(std::shared_ptr<const HeldProcess> child) {
    std::erase_if(children_, [](const auto& earlier) {
      if (!earlier->Ended()) return false;
      earlier->Reap();
      return true;
    });
    children_.push_back(std::move(child));
  }

 private:
  void Work() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [this] { return over_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      Job job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job();
      job = Job();
      lock.lock();
    }
  }

  std::mutex mutex_;  // guards jobs_ and over_
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  bool over_ = false;
  std::vector<std::shared_ptr<const HeldProcess>> children_;  // the thread's while it runs
  std::thread thread_;
};

ProcessDaemonLauncher::ProcessDaemonLauncher(Runtime& runtime, Options options)
    : runtime_(runtime), options_(std::move(options)), spawner_(std::make_unique<Spawner>()) {}

ProcessDaemonLauncher::~ProcessDaemonLauncher() = default;

Awaitable<Result<StartedDaemon>> ProcessDaemonLauncher::Start(DaemonCommand command) {
  struct Spawned {
    std::shared_ptr<const HeldProcess> held;
    std::string warning;
  };
  using Outcome = Result<Spawned>;
  auto done = std::make_shared<OneShot<Outcome>>(runtime_);
  spawner_->Run([this, done, command = std::move(command)] {
    Result<SpawnedProcess> spawned = SpawnProcess(command, options_.stdout_fd, options_.stderr_fd);
    Outcome outcome;
    if (spawned) {
      outcome->held = std::make_shared<const HeldProcess>(spawned->pid, std::move(spawned->pidfd));
      outcome->warning = std::move(spawned->warning);
      spawner_->Keep(outcome->held);
    } else {
      outcome = Fail(std::move(spawned).error());
    }
    asio::post(runtime_.executor(),
               [done, outcome = std::move(outcome)]() mutable { done->Set(std::move(outcome)); });
  });
  Outcome outcome = co_await done->Wait();
  if (!outcome) co_return Fail(std::move(outcome).error());
  StartedDaemon started;
  started.process = std::make_unique<PidfdProcess>(runtime_, std::move(outcome->held));
  started.warning = std::move(outcome->warning);
  co_return started;
}

Awaitable<std::unique_ptr<DaemonProcess>> ProcessDaemonLauncher::Find(DaemonPid pid) {
  std::unique_ptr<DaemonProcess> found;
  UniqueFd pidfd(OpenPidfd(pid));
  if (pidfd) {
    auto held = std::make_shared<const HeldProcess>(pid, std::move(pidfd));
    if (!held->Ended()) found = std::make_unique<PidfdProcess>(runtime_, std::move(held));
  }
  co_return found;
}

Awaitable<Result<std::optional<DaemonPid>>> ProcessDaemonLauncher::ReadPidFile() {
  return OffExecutor(runtime_, [path = options_.pid_file] { return ReadPid(path); });
}

Awaitable<Status> ProcessDaemonLauncher::WritePidFile(DaemonPid pid) {
  return OffExecutor(
      runtime_, [path = options_.pid_file, pid] { return ReplaceFile(path, std::to_string(pid)); });
}

Awaitable<Status> ProcessDaemonLauncher::RemovePidFile() {
  return OffExecutor(runtime_, [path = options_.pid_file] { return RemoveOneFile(path); });
}

Awaitable<Status> ProcessDaemonLauncher::RemoveSocket(std::string path) {
  return OffExecutor(runtime_, [path = std::move(path)] { return RemoveOneFile(path); });
}

}  // namespace libcontainerd
