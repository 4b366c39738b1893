#include "fake_containerd/fifo_process_io.h"

#include <chrono>
#include <future>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>
#include <asio/post.hpp>

#include "fake_containerd/world/world.h"
#include "libcontainerd/threaded_runtime.h"
#include "tests/fake_containerd/temporary_directory.h"

namespace fake_containerd {
namespace {

using libcontainerd::Awaitable;
using libcontainerd::ErrorCode;
using libcontainerd::Result;
using libcontainerd::Status;

constexpr auto kPatience = std::chrono::seconds(20);

template <class T>
Awaitable<void> Fulfil(Awaitable<T> awaited, std::shared_ptr<std::promise<T>> promise) {
  promise->set_value(co_await std::move(awaited));
}

// Reads a descriptor until end-of-file, blocking.
std::string ReadToEnd(int fd) {
  std::string text;
  char buffer[4096];
  for (ssize_t count = 0; (count = ::read(fd, buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(count));
  }
  return text;
}

class FifoProcessIoTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const std::string& path : {paths_.in, paths_.out, paths_.err}) {
      ASSERT_EQ(::mkfifo(path.c_str(), 0700), 0);
    }
  }
  void TearDown() override {
    OnExecutor([this] { streams_.reset(); });
    EXPECT_FALSE(runtime_.failure());
  }

  void OnExecutor(std::function<void()> work) {
    asio::post(runtime_.executor(), std::move(work));
    runtime_.Drain();
  }
  std::string Open(bool terminal = false) {
    std::string failure;
    OnExecutor([&] {
      auto opened = io_.Open(paths_, terminal);
      if (opened) {
        streams_ = std::move(*opened);
      } else {
        failure = opened.error().message;
      }
    });
    return failure;
  }
  template <class T, class Make>
  std::future<T> Start(Make make) {
    auto promise = std::make_shared<std::promise<T>>();
    OnExecutor([&] { libcontainerd::Spawn(runtime_, Fulfil<T>(make(), promise)); });
    return promise->get_future();
  }
  std::future<Status> Write(OutputStream stream, std::string data) {
    return Start<Status>([&] { return streams_->Write(stream, std::move(data)); });
  }
  std::future<Result<std::string>> Read() {
    return Start<Result<std::string>>([&] { return streams_->ReadStdin(65536); });
  }
  template <class T>
  [[nodiscard]] static testing::AssertionResult Arrives(std::future<T>& future, T& value) {
    if (future.wait_for(kPatience) != std::future_status::ready) {
      return testing::AssertionFailure() << "nothing came within the time allowed";
    }
    value = future.get();
    return testing::AssertionSuccess();
  }

  TemporaryDirectory directory_;
  IoPaths paths_{directory_.path() / "in", directory_.path() / "out", directory_.path() / "err"};
  libcontainerd::ThreadedRuntime runtime_;
  FifoProcessIo io_{runtime_};
  std::unique_ptr<ProcessStreams> streams_;
};

TEST_F(FifoProcessIoTest, OutputArrivesWholeAlsoFromAFullPipe) {
  const int reader = ::open(paths_.out.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(reader, 0);
  ASSERT_EQ(Open(), "");
  const std::string text(1000000, 'x');
  std::future<Status> written = Write(OutputStream::kStdout, text);
  ASSERT_EQ(::fcntl(reader, F_SETFL, 0), 0);
  std::thread closer([&] {
    Status status;
    EXPECT_TRUE(Arrives(written, status));
    EXPECT_TRUE(status);
    OnExecutor([this] { streams_->CloseOutputs(); });
  });
  EXPECT_EQ(ReadToEnd(reader), text);
  closer.join();
  ::close(reader);
}

TEST_F(FifoProcessIoTest, NobodyNeedsToReadForAStart) {
  ASSERT_EQ(Open(), "");
  std::future<Status> written = Write(OutputStream::kStderr, "early");
  Status status;
  ASSERT_TRUE(Arrives(written, status));
  EXPECT_TRUE(status);
  const int reader = ::open(paths_.err.c_str(), O_RDONLY | O_CLOEXEC);
  OnExecutor([this] { streams_->CloseOutput(OutputStream::kStderr); });
  EXPECT_EQ(ReadToEnd(reader), "early");
  ::close(reader);
}

TEST_F(FifoProcessIoTest, AReaderThatLeavesBreaksNothing) {
  ASSERT_EQ(Open(), "");
  ::close(::open(paths_.out.c_str(), O_RDONLY | O_CLOEXEC));
  std::future<Status> written = Write(OutputStream::kStdout, "x");
  Status status;
  ASSERT_TRUE(Arrives(written, status));
  EXPECT_TRUE(status);
}

TEST_F(FifoProcessIoTest, StdinEndsWhenBothWritersAreClosed) {
  ASSERT_EQ(Open(), "");
  std::future<Result<std::string>> first = Read();  // nobody has opened the other end
  const int writer = ::open(paths_.in.c_str(), O_WRONLY | O_CLOEXEC);
  ASSERT_GE(writer, 0);
  ASSERT_EQ(::write(writer, "hi", 2), 2);
  Result<std::string> text;
  ASSERT_TRUE(Arrives(first, text));
  EXPECT_EQ(text.value_or("error"), "hi");
  std::future<Result<std::string>> second = Read();
  ::close(writer);
  runtime_.Drain();
  EXPECT_NE(second.wait_for(std::chrono::seconds(0)), std::future_status::ready);
  OnExecutor([this] { streams_->CloseStdin(); });
  ASSERT_TRUE(Arrives(second, text));
  EXPECT_EQ(text.value_or("error"), "");
}

TEST_F(FifoProcessIoTest, ClosingCancelsWhoeverWaits) {
  ASSERT_EQ(Open(), "");
  std::future<Result<std::string>> reading = Read();
  std::future<Status> writing = Write(OutputStream::kStdout, std::string(1000000, 'x'));
  OnExecutor([this] { streams_.reset(); });
  Result<std::string> text;
  Status status;
  ASSERT_TRUE(Arrives(reading, text));
  ASSERT_TRUE(Arrives(writing, status));
  EXPECT_EQ(text.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(status.error().code, ErrorCode::kCancelled);
}

TEST_F(FifoProcessIoTest, MissingPathsAreNamed) {
  const std::string missing = directory_.path() / "none";
  const IoPaths good = paths_;
  for (const IoPaths& paths :
       {IoPaths{missing, good.out, good.err}, IoPaths{good.in, missing, good.err},
        IoPaths{good.in, good.out, missing}}) {
    paths_ = paths;
    EXPECT_EQ(Open(), "open " + missing + ": no such file or directory");
  }
  EXPECT_EQ(Open(/*terminal=*/true), "");  // stderr is not opened
}

TEST_F(FifoProcessIoTest, EmptyPathsAreTheNullDevice) {
  paths_ = {"", "/dev/null", ""};
  ASSERT_EQ(Open(), "");
  std::future<Status> written = Write(OutputStream::kStdout, std::string(1000000, 'x'));
  std::future<Result<std::string>> read = Read();
  Status status;
  Result<std::string> text;
  ASSERT_TRUE(Arrives(written, status));
  ASSERT_TRUE(Arrives(read, text));
  EXPECT_TRUE(status);
  EXPECT_EQ(text.value_or("error"), "");
}

Awaitable<Status> CreateEcho(World* world, IoPaths paths) {
  CreateCommand command;
  command.key.id = "c1";
  command.io = std::move(paths);
  command.read_bundle = []() -> Awaitable<Result<BundleSpec>> {
    BundleSpec spec;
    spec.process.args = {"/bin/cat"};
    co_return spec;
  };
  World::Answer<ContainerInfo> answer = world->Create(std::move(command));
  const WorldResult<ContainerInfo> created = co_await std::move(answer);
  if (!created) co_return libcontainerd::Fail(ErrorCode::kUnknown, "not created");
  co_return Status();
}

TEST_F(FifoProcessIoTest, AWholeContainerEchoes) {
  std::unique_ptr<World> world;
  OnExecutor([&] {
    WorldOptions options;
    options.behaviour = [](const ProcessRequest&) -> Behaviour {
      return {.steps = {step::EchoStdin{}, step::Exit{0}}};
    };
    world = std::make_unique<World>(runtime_, io_, std::move(options));
    EXPECT_TRUE(world->StartDaemon());
  });
  const int reader = ::open(paths_.out.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  const int writer = ::open(paths_.in.c_str(), O_RDWR | O_CLOEXEC);
  std::future<Status> created = Start<Status>([&] { return CreateEcho(world.get(), paths_); });
  Status status;
  ASSERT_TRUE(Arrives(created, status));
  ASSERT_TRUE(status) << status.error().message;
  ASSERT_EQ(::fcntl(reader, F_SETFL, 0), 0);
  ASSERT_EQ(::write(writer, "hello", 5), 5);
  char text[5] = {};
  ASSERT_EQ(::read(reader, text, 5), 5);
  EXPECT_EQ(std::string(text, 5), "hello");
  ::close(writer);
  std::future<WorldStatus> closed = Start<WorldStatus>(
      [&] { return world->UpdateProcess({.id = "c1"}, kInitName, {.close_stdin = true}); });
  WorldStatus answered;
  ASSERT_TRUE(Arrives(closed, answered));
  EXPECT_EQ(ReadToEnd(reader), "");
  ::close(reader);
  OnExecutor([&] { world.reset(); });
}

TEST_F(FifoProcessIoTest, DescriptorsAreNotInherited) {
  ASSERT_EQ(Open(), "");
  int found = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code ignored;
    const std::string target = std::filesystem::read_symlink(entry.path(), ignored).string();
    if (!target.starts_with(directory_.path().string())) continue;
    ++found;
    EXPECT_TRUE(::fcntl(std::stoi(entry.path().filename().string()), F_GETFD) & FD_CLOEXEC)
        << target;
  }
  EXPECT_EQ(found, 3);  // one for each stream
}

}  // namespace
}  // namespace fake_containerd
