// Stdio over real FIFOs: what is written is read, once, whoever comes late or leaves early.
#include "libcontainerd/fifo_stdio.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libcontainerd/blocking_client.h"
#include "libcontainerd/threaded_runtime.h"
#include "tests/fake_containerd/temporary_directory.h"
#include "tests/lib/adapters/text_of.h"

namespace libcontainerd {
namespace {

constexpr std::size_t kPipeCapacity = 65536;

std::size_t OpenDescriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    ++count;
  }
  return count;
}

// The other side's end, blocking.
class Peer {
 public:
  Peer(const std::string& path, int mode) : fd_(::open(path.c_str(), mode | O_CLOEXEC)) {}
  ~Peer() { Close(); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  void Close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  void Write(const std::string& data) {
    for (std::size_t written = 0; written < data.size();) {
      const ssize_t count = ::write(fd_, data.data() + written, data.size() - written);
      ASSERT_GT(count, 0);
      written += static_cast<std::size_t>(count);
    }
  }
  // errno of the write that fails; 0 if all of it is taken. On a thread of its own, which hears of
  // a broken pipe by that alone.
  int TryWrite(std::size_t size) {
    sigset_t broken_pipe;
    ::sigemptyset(&broken_pipe);
    ::sigaddset(&broken_pipe, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
    const std::string data(size, 'x');
    for (std::size_t written = 0; written < size;) {
      const ssize_t count = ::write(fd_, data.data() + written, size - written);
      if (count < 0) return errno;
      written += static_cast<std::size_t>(count);
    }
    return 0;
  }
  // Up to `size` bytes, or to end-of-file.
  std::string Read(std::size_t size = std::string::npos) {
    std::string data;
    char buffer[4096];
    while (data.size() < size) {
      const ssize_t count = ::read(fd_, buffer, std::min(sizeof buffer, size - data.size()));
      if (count <= 0) break;
      data.append(buffer, static_cast<std::size_t>(count));
    }
    return data;
  }

 private:
  int fd_;
};

class FifoStdioTest : public ::testing::Test {
 protected:
  ~FifoStdioTest() override {
    Close();
    EXPECT_EQ(runtime_.failure(), nullptr);
  }
  StdioPaths Paths() const { return StdioPaths::In(directory_.path().string(), "init"); }
  void Open(bool terminal = false) {
    auto opened = WaitFor(runtime_, stdio_.Open(Paths(), terminal));
    ASSERT_TRUE(opened) << opened.error().message;
    process_ = std::move(*opened);
    OnExecutor([this] { pipe_ = process_->TakePipe(); });
  }
  void Close() {
    OnExecutor([this] {
      process_.reset();
      pipe_ = IoPipe();
    });
    runtime_.Drain();
  }
  void OnExecutor(std::function<void()> step) {
    std::promise<void> done;
    asio::post(runtime_.executor(), [&] {
      step();
      done.set_value();
    });
    done.get_future().get();
  }
  template <class T>
  std::future<T> Begin(Awaitable<T> call) {
    auto promise = std::make_shared<std::promise<T>>();
    std::future<T> future = promise->get_future();
    Spawn(runtime_, Carry(std::move(call), promise));
    Settle();
    return future;
  }
  template <class T>
  static Awaitable<void> Carry(Awaitable<T> call, std::shared_ptr<std::promise<T>> promise) {
    promise->set_value(co_await std::move(call));
  }
  // Lets run whatever can run without the other side.
  void Settle() {
    for (int i = 0; i < 5; ++i) runtime_.Drain();
  }
  template <class T>
  static bool Pending(const std::future<T>& future) {
    return future.wait_for(std::chrono::seconds(0)) != std::future_status::ready;
  }
  Result<std::string> Read(OutputReader& reader, std::size_t most = 4096) {
    return WaitFor(runtime_, reader.Read(most));
  }
  std::string ReadAll(OutputReader& reader) {
    std::string all;
    while (true) {
      const auto data = Read(reader);
      if (!data || data->empty()) return all;
      all += *data;
    }
  }
  std::string Write(std::string data) {
    return TextOf(WaitFor(runtime_, pipe_.in->Write(std::move(data))));
  }

  fake_containerd::TemporaryDirectory directory_;
  ThreadedRuntime runtime_;
  FifoStdio stdio_{runtime_};
  std::unique_ptr<ProcessStdio> process_;
  IoPipe pipe_;
};

TEST_F(FifoStdioTest, MakesFifosForTheirOwnerOnly) {
  const mode_t before = ::umask(0);
  Open();
  ::umask(before);
  for (const std::string& path : {Paths().in, Paths().out, Paths().err}) {
    struct stat found {};
    ASSERT_EQ(::lstat(path.c_str(), &found), 0) << path;
    EXPECT_TRUE(S_ISFIFO(found.st_mode));
    EXPECT_EQ(found.st_mode & 0777U, 0700U);
  }
  EXPECT_EQ(TextOf(WaitFor(runtime_, stdio_.Remove(Paths()))), "OK");
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
  EXPECT_EQ(TextOf(WaitFor(runtime_, stdio_.Remove(Paths()))), "OK");
}

TEST_F(FifoStdioTest, TakesFifosThatAreThere) {
  ASSERT_EQ(::mkfifo(Paths().out.c_str(), 0600), 0);
  Open();
}

TEST_F(FifoStdioTest, RefusesWhatIsNoFifo) {
  std::ofstream(Paths().out) << "precious";
  const auto opened = WaitFor(runtime_, stdio_.Open(Paths(), false));
  EXPECT_EQ(TextOf(opened), "ALREADY_EXISTS mkfifo " + Paths().out + ": exists and is not a FIFO");
  EXPECT_EQ(TextOf(WaitFor(runtime_, stdio_.Remove(Paths()))), "OK");
  EXPECT_TRUE(std::filesystem::exists(Paths().out));  // not ours
  EXPECT_FALSE(std::filesystem::exists(Paths().in));
}

TEST_F(FifoStdioTest, SaysThatTheDirectoryIsMissing) {
  const StdioPaths paths = StdioPaths::In((directory_.path() / "no").string(), "init");
  EXPECT_EQ(TextOf(WaitFor(runtime_, stdio_.Open(paths, false))),
            "NOT_FOUND mkfifo " + paths.in + ": no such file or directory");
}

TEST_F(FifoStdioTest, AReadWaitsForTheFirstWriter) {
  Open();
  auto read = Begin(pipe_.out->Read(100));
  EXPECT_TRUE(Pending(read));
  Peer writer(Paths().out, O_WRONLY);
  Settle();
  EXPECT_TRUE(Pending(read));
  writer.Write("hello");
  EXPECT_EQ(read.get().value_or("error"), "hello");
  auto end = Begin(pipe_.out->Read(100));
  EXPECT_TRUE(Pending(end));
  writer.Close();
  EXPECT_EQ(end.get().value_or("error"), "");
  EXPECT_EQ(Read(*pipe_.out).value_or("error"), "");  // and so it stays
}

TEST_F(FifoStdioTest, AWriterThatCameAndWentLeavesItsData) {
  Open();
  {
    Peer writer(Paths().err, O_WRONLY);
    writer.Write("short");
  }
  EXPECT_EQ(ReadAll(*pipe_.err), "short");
}

TEST_F(FifoStdioTest, AWriterThatWroteNothingEndsTheRead) {
  Open();
  auto read = Begin(pipe_.out->Read(100));
  { Peer writer(Paths().out, O_WRONLY); }
  EXPECT_EQ(read.get().value_or("error"), "");
}

TEST_F(FifoStdioTest, NothingOfALargeOutputIsLost) {
  Open();
  const std::string data = std::string(1 << 20, 'a') + std::string(1 << 20, 'b');
  std::thread writing([&] { Peer(Paths().out, O_WRONLY).Write(data); });
  EXPECT_EQ(ReadAll(*pipe_.out), data);
  writing.join();
}

TEST_F(FifoStdioTest, ClosingEndsARead) {
  Open();
  auto read = Begin(pipe_.out->Read(100));
  OnExecutor([&] { pipe_.out->Close(); });
  EXPECT_EQ(TextOf(read.get()), "CANCELLED stream closed");
  EXPECT_EQ(TextOf(Read(*pipe_.out)), "CANCELLED stream closed");
  Peer writer(Paths().err, O_RDWR);  // so that the read is past its first wait
  writer.Write("x");
  EXPECT_EQ(Read(*pipe_.err).value_or("error"), "x");
  auto second = Begin(pipe_.err->Read(100));
  OnExecutor([&] { pipe_.err->Close(); });
  EXPECT_EQ(TextOf(second.get()), "CANCELLED stream closed");
}

TEST_F(FifoStdioTest, ATerminalHasNoStderr) {
  Open(/*terminal=*/true);
  EXPECT_TRUE(pipe_.terminal);
  EXPECT_EQ(Read(*pipe_.err).value_or("error"), "");
  EXPECT_TRUE(std::filesystem::exists(Paths().err));  // the daemon is given its path all the same
}

TEST_F(FifoStdioTest, StdinIsWrittenBeforeTheReaderComes) {
  Open();
  EXPECT_EQ(Write("early "), "OK");
  Peer reader(Paths().in, O_RDONLY);
  OnExecutor([this] { process_->PeerOpened(); });
  EXPECT_EQ(Write("late"), "OK");
  EXPECT_EQ(reader.Read(10), "early late");
  EXPECT_EQ(TextOf(WaitFor(runtime_, pipe_.in->Close())), "OK");
  EXPECT_EQ(reader.Read(), "");
  EXPECT_EQ(Write("more"), "CANCELLED stream closed");
  EXPECT_EQ(TextOf(WaitFor(runtime_, pipe_.in->Close())), "OK");
}

TEST_F(FifoStdioTest, StdinClosedBeforeTheReaderCameLosesNothing) {
  Open();
  EXPECT_EQ(Write("all of it"), "OK");
  EXPECT_EQ(TextOf(WaitFor(runtime_, pipe_.in->Close())), "OK");
  EXPECT_EQ(Write("more"), "CANCELLED stream closed");
  Settle();
  Peer reader(Paths().in, O_RDONLY);
  EXPECT_EQ(reader.Read(9), "all of it");
  OnExecutor([this] { process_->PeerOpened(); });
  EXPECT_EQ(reader.Read(), "");  // only now
}

TEST_F(FifoStdioTest, DroppingTheWriterClosesStdin) {
  Open();
  Peer reader(Paths().in, O_RDONLY);
  OnExecutor([this] { process_->PeerOpened(); });
  EXPECT_EQ(Write("x"), "OK");
  pipe_.in.reset();  // from any thread
  EXPECT_EQ(reader.Read(), "x");
}

TEST_F(FifoStdioTest, AWriteWaitsForRoom) {
  Open();
  const std::string data(3 * kPipeCapacity, 'x');
  Peer reader(Paths().in, O_RDWR);  // as the shim
  OnExecutor([this] { process_->PeerOpened(); });
  auto written = Begin(pipe_.in->Write(data));
  EXPECT_TRUE(Pending(written));
  EXPECT_EQ(reader.Read(data.size()), data);
  EXPECT_EQ(TextOf(written.get()), "OK");
}

// The write began before the reply, and is not disturbed by the change of descriptors.
TEST_F(FifoStdioTest, AWriteGoesOnWhenTheReaderComes) {
  Open();
  const std::string data(3 * kPipeCapacity, 'x');
  auto written = Begin(pipe_.in->Write(data));
  EXPECT_TRUE(Pending(written));
  Peer reader(Paths().in, O_RDONLY);
  OnExecutor([this] { process_->PeerOpened(); });
  std::thread reading([&] { EXPECT_EQ(reader.Read(data.size()), data); });
  EXPECT_EQ(TextOf(written.get()), "OK");
  reading.join();
}

TEST_F(FifoStdioTest, TheEndOfTheProcessEndsAWrite) {
  Open();
  const std::string data(3 * kPipeCapacity, 'x');
  Peer reader(Paths().in, O_RDONLY | O_NONBLOCK);
  OnExecutor([this] { process_->PeerOpened(); });
  auto written = Begin(pipe_.in->Write(data));
  EXPECT_TRUE(Pending(written));
  OnExecutor([this] { process_->ProcessGone(); });
  EXPECT_EQ(TextOf(written.get()), "CANCELLED stream closed");
}

TEST_F(FifoStdioTest, AReaderThatLeftBreaksThePipe) {
  Open();
  {
    Peer reader(Paths().in, O_RDONLY);
    OnExecutor([this] { process_->PeerOpened(); });
  }
  EXPECT_EQ(Write("x"), "UNAVAILABLE write stdin: Broken pipe");  // and no SIGPIPE
}

TEST_F(FifoStdioTest, AReaderThatCameAndWentBeforeTheReply) {
  Open();
  { Peer reader(Paths().in, O_RDONLY); }
  OnExecutor([this] { process_->PeerOpened(); });
  EXPECT_EQ(Write("x"), "UNAVAILABLE write stdin: Broken pipe");
  OnExecutor([this] { process_->ProcessGone(); });
  EXPECT_EQ(Write("x"), "CANCELLED stream closed");
}

TEST_F(FifoStdioTest, AbandoningKeepsWhatWasWritten) {
  Open();
  auto nothing = Begin(pipe_.out->Read(100));
  Peer writer(Paths().err, O_WRONLY);
  writer.Write("exec failed");
  OnExecutor([this] { process_->Abandon(); });
  EXPECT_EQ(nothing.get().value_or("error"), "");  // no writer came, none will
  writer.Close();
  EXPECT_EQ(ReadAll(*pipe_.err), "exec failed");
  EXPECT_EQ(Write("x"), "CANCELLED stream closed");
}

TEST_F(FifoStdioTest, AbandoningEndsAWrite) {
  Open();
  auto written = Begin(pipe_.in->Write(std::string(2 * kPipeCapacity, 'x')));
  EXPECT_TRUE(Pending(written));
  OnExecutor([this] { process_->Abandon(); });
  EXPECT_EQ(TextOf(written.get()), "CANCELLED stream closed");
}

TEST_F(FifoStdioTest, ThePipeOutlivesTheProcess) {
  Open();
  Peer writer(Paths().out, O_WRONLY);
  OnExecutor([this] { process_.reset(); });
  writer.Write("still there");
  writer.Close();
  EXPECT_EQ(ReadAll(*pipe_.out), "still there");
}

// A write that waits for room ends with the closing; what is in the pipe already still arrives.
TEST_F(FifoStdioTest, ClosingBeforeTheReaderCameEndsAWrite) {
  Open();
  const std::string data(2 * kPipeCapacity, 'x');
  auto written = Begin(pipe_.in->Write(data));
  EXPECT_TRUE(Pending(written));
  EXPECT_EQ(TextOf(WaitFor(runtime_, pipe_.in->Close())), "OK");
  EXPECT_EQ(TextOf(written.get()), "CANCELLED stream closed");
  Peer reader(Paths().in, O_RDONLY);
  OnExecutor([this] { process_->PeerOpened(); });
  EXPECT_EQ(reader.Read(), data.substr(0, kPipeCapacity));
}

TEST_F(FifoStdioTest, ClosingWhileTheReaderDoesNotReadEndsAWrite) {
  Open();
  Peer reader(Paths().in, O_RDWR);
  OnExecutor([this] { process_->PeerOpened(); });
  auto written = Begin(pipe_.in->Write(std::string(2 * kPipeCapacity, 'x')));
  EXPECT_TRUE(Pending(written));
  EXPECT_EQ(TextOf(WaitFor(runtime_, pipe_.in->Close())), "OK");
  EXPECT_EQ(TextOf(written.get()), "CANCELLED stream closed");
}

TEST_F(FifoStdioTest, ASlowReaderLosesNothing) {
  Open();
  std::string data;
  for (std::size_t i = 0; data.size() < 8 * kPipeCapacity; ++i) data += std::to_string(i) + "\n";
  std::thread writing([&] { Peer(Paths().out, O_WRONLY).Write(data); });
  std::string all;
  for (std::size_t most = 1;; most = most % 5000 + 7) {  // in pieces of all sizes
    const auto piece = Read(*pipe_.out, most);
    ASSERT_TRUE(piece);
    EXPECT_LE(piece->size(), most);
    if (piece->empty()) break;
    all += *piece;
  }
  writing.join();
  EXPECT_EQ(all, data);
}

// Whoever does not read holds up the writer and nobody else, and closing lets it go.
TEST_F(FifoStdioTest, AReaderThatNeverReads) {
  Open();
  Peer blocked(Paths().out, O_WRONLY);
  auto writing =
      std::async(std::launch::async, [&] { return blocked.TryWrite(2 * kPipeCapacity); });
  Peer other(Paths().err, O_WRONLY);
  other.Write("goes on");
  EXPECT_EQ(Read(*pipe_.err).value_or("error"), "goes on");
  EXPECT_TRUE(Pending(writing));
  OnExecutor([&] { pipe_.out->Close(); });
  EXPECT_EQ(writing.get(), EPIPE);
}

// Neither side of the FIFOs was ever opened by anybody else; closing ends all of it, at once.
TEST_F(FifoStdioTest, AServerThatNeverOpens) {
  Open();
  auto out = Begin(pipe_.out->Read(100));
  auto err = Begin(pipe_.err->Read(100));
  auto in = Begin(pipe_.in->Write(std::string(2 * kPipeCapacity, 'x')));
  EXPECT_TRUE(Pending(out));
  EXPECT_TRUE(Pending(err));
  EXPECT_TRUE(Pending(in));
  OnExecutor([this] {
    process_.reset();
    pipe_.out->Close();
    pipe_.err->Close();
  });
  EXPECT_EQ(TextOf(out.get()), "CANCELLED stream closed");
  EXPECT_EQ(TextOf(err.get()), "CANCELLED stream closed");
  EXPECT_EQ(TextOf(in.get()), "CANCELLED stream closed");
}

TEST_F(FifoStdioTest, LeavesNoDescriptorsBehind) {
  Open();
  Close();
  const std::size_t before = OpenDescriptors();
  for (int i = 0; i < 20; ++i) {
    Open();
    Peer reader(Paths().in, O_RDONLY);
    OnExecutor([this] { process_->PeerOpened(); });
    Close();
  }
  EXPECT_EQ(OpenDescriptors(), before);
}

}  // namespace
}  // namespace libcontainerd
