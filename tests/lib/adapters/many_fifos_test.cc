// Thousands of containers with their streams open at once: three descriptors each, and no thread.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <future>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/adapters/unique_fd.h"
#include "libcontainerd/blocking_client.h"
#include "libcontainerd/fifo_stdio.h"
#include "libcontainerd/threaded_runtime.h"
#include "tests/fake_containerd/temporary_directory.h"

namespace libcontainerd {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kContainers = 2500;
// Ours, and the writers' of the test.
constexpr std::size_t kDescriptorsEach = 5;

std::size_t CountEntries(const char* directory) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(directory), fs::directory_iterator()));
}
std::size_t Threads() {
  return CountEntries("/proc/self/task");
}

// For a scope, as many descriptors as the system grants.
class MoreDescriptors {
 public:
  MoreDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit more = before_;
    more.rlim_cur = before_.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &more);
  }
  ~MoreDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  MoreDescriptors(const MoreDescriptors&) = delete;
  MoreDescriptors& operator=(const MoreDescriptors&) = delete;
  rlim_t granted() const { return before_.rlim_max; }

 private:
  rlimit before_{};
};

// The streams of one container, and what came of them.
struct Attached {
  std::string name;
  std::unique_ptr<ProcessStdio> process;
  IoPipe pipe;
  std::string out;
  std::string err;
  Status written;
};

class ManyFifosTest : public ::testing::Test {
 protected:
  ManyFifosTest() {
    for (std::size_t i = 0; i < kContainers; ++i) {
      auto attached = std::make_unique<Attached>();
      attached->name = "c" + std::to_string(i);
      attached_.push_back(std::move(attached));
    }
  }
  ~ManyFifosTest() override {
    OnExecutor([this] { attached_.clear(); });
    for (int i = 0; i < 5; ++i) runtime_.Drain();
    EXPECT_EQ(runtime_.failure(), nullptr);
  }
  StdioPaths PathsOf(const Attached& attached) const {
    return StdioPaths::In(directory_.path().string(), attached.name);
  }
  std::string Path(const Attached& attached, const char* stream) const {
    return (directory_.path() / (attached.name + stream)).string();
  }
  void OnExecutor(std::function<void()> step) {
    std::promise<void> done;
    asio::post(runtime_.executor(), [&] {
      step();
      done.set_value();
    });
    done.get_future().get();
  }
  // All at once, as after an engine's restart.
  void OpenAll() {
    OnExecutor([this] {
      for (const auto& attached : attached_) scope_.Spawn(Open(attached.get()));
    });
    WaitFor(runtime_, scope_.Join());
  }
  Awaitable<void> Open(Attached* attached) {
    auto opened = co_await stdio_.Open(PathsOf(*attached), false);
    EXPECT_TRUE(opened) << opened.error().message;
    if (!opened) co_return;
    attached->process = std::move(*opened);
    attached->pipe = attached->process->TakePipe();
  }
  void ReadAll() {
    OnExecutor([this] {
      for (const auto& attached : attached_) {
        scope_.Spawn(Read(attached.get(), true));
        scope_.Spawn(Read(attached.get(), false));
        scope_.Spawn(Write(attached.get()));
      }
    });
  }
  static Awaitable<void> Read(Attached* attached, bool out) {
    OutputReader& reader = out ? *attached->pipe.out : *attached->pipe.err;
    std::string& text = out ? attached->out : attached->err;
    while (true) {
      auto data = co_await reader.Read(4096);
      if (!data) text += " ended by " + data.error().message;
      if (!data || data->empty()) co_return;
      text += *data;
    }
  }
  static Awaitable<void> Write(Attached* attached) {
    attached->written = co_await attached->pipe.in->Write("to " + attached->name);
  }

  MoreDescriptors more_;
  fake_containerd::TemporaryDirectory directory_;
  SteppableClock clock_;  // nothing here takes time
  ThreadedRuntime runtime_{&clock_};
  FifoStdio stdio_{runtime_};
  TaskScope scope_{runtime_};
  std::vector<std::unique_ptr<Attached>> attached_;
};

TEST_F(ManyFifosTest, NeedNoThreadEach) {
  ASSERT_GE(more_.granted(), kContainers * kDescriptorsEach)
      << "this machine does not grant the descriptors that thousands of containers need";
  const std::size_t threads_before = Threads();
  const std::size_t descriptors_before = CountEntries("/proc/self/fd");
  OpenAll();
  ReadAll();
  runtime_.Drain();
  // While they are made a few threads help, which stay for a moment; waiting takes none.
  constexpr std::size_t kHelpers = kContainers / 10;
  EXPECT_LE(Threads(), threads_before + kHelpers);
  EXPECT_EQ(CountEntries("/proc/self/fd"), descriptors_before + 3 * kContainers);

  // Each gets what was meant for it.
  for (const auto& attached : attached_) {
    const UniqueFd in(::open(Path(*attached, "-stdin").c_str(), O_RDONLY | O_CLOEXEC));
    OnExecutor([&] { attached->process->PeerOpened(); });
    char buffer[32];
    const ssize_t count = ::read(in.get(), buffer, sizeof buffer);
    EXPECT_EQ(std::string(buffer, static_cast<std::size_t>(std::max<ssize_t>(count, 0))),
              "to " + attached->name);
    for (const char* stream : {"-stdout", "-stderr"}) {
      const UniqueFd output(::open(Path(*attached, stream).c_str(), O_WRONLY | O_CLOEXEC));
      const std::string text = attached->name + stream;
      EXPECT_EQ(::write(output.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    }
  }
  WaitFor(runtime_, scope_.Join());
  for (const auto& attached : attached_) {
    EXPECT_EQ(attached->out, attached->name + "-stdout");
    EXPECT_EQ(attached->err, attached->name + "-stderr");
    EXPECT_TRUE(attached->written);
  }
  OnExecutor([this] { attached_.clear(); });
  for (int i = 0; i < 5; ++i) runtime_.Drain();
  EXPECT_EQ(CountEntries("/proc/self/fd"), descriptors_before);
}

// All of them given up at once, with a read and a write under way each.
TEST_F(ManyFifosTest, EndTogether) {
  ASSERT_GE(more_.granted(), kContainers * kDescriptorsEach);
  OpenAll();
  ReadAll();
  runtime_.Drain();
  OnExecutor([this] {
    for (const auto& attached : attached_) attached->process->Abandon();
  });
  WaitFor(runtime_, scope_.Join());
  for (const auto& attached : attached_) {
    EXPECT_EQ(attached->out + attached->err, "");
  }
}

}  // namespace
}  // namespace libcontainerd
