// Stdio: megabytes per second through FIFOs to the engine's sink, and through the same FIFOs with
// bare read and write. One thread writes, to one stream or to 64 in turn.
#include <memory>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/frame/scratch.h"
#include "bench/frame/stopwatch.h"
#include "bench/frame/suite.h"
#include "bench/rigs/bench_world.h"
#include "fake_containerd/on_executor.h"
#include "libcontainerd/fifo_stdio.h"
#include "libcontainerd/threaded_runtime.h"

namespace {

using bench::Case;
using bench::Result;
using bench::Settings;
using libcontainerd::Awaitable;
using libcontainerd::ErrorCode;
using libcontainerd::Fail;

// What an engine reads at a time.
constexpr std::size_t kReadAtMost = 65'536;

struct Load {
  std::size_t streams = 1;
  std::size_t write_bytes = 4096;
  std::size_t total_bytes = 0;

  std::size_t writes_of_each() const { return total_bytes / streams / write_bytes; }
  std::size_t bytes() const { return writes_of_each() * streams * write_bytes; }
};

// Writes to each in turn, and closes all.
void WriteAll(std::vector<int> fds, const Load& load) {
  const std::string block(load.write_bytes, 'x');
  for (std::size_t i = 0; i < load.writes_of_each(); ++i) {
    for (const int fd : fds) {
      std::string_view rest = block;
      while (!rest.empty()) {
        const ssize_t written = ::write(fd, rest.data(), rest.size());
        if (written <= 0) break;  // the reader will miss bytes, and say so
        rest.remove_prefix(static_cast<std::size_t>(written));
      }
    }
  }
  for (const int fd : fds) ::close(fd);
}

Result<std::vector<int>> OpenWriters(const std::vector<std::string>& paths) {
  std::vector<int> fds;
  for (const std::string& path : paths) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) return Fail(ErrorCode::kUnavailable, path + " cannot be opened");
    fds.push_back(fd);
  }
  return fds;
}

double Megabytes(std::size_t bytes, double seconds) {
  return static_cast<double>(bytes) / 1e6 / seconds;
}

// Reads whatever is there until all have ended.
std::size_t DrainAll(std::vector<pollfd> ends) {
  std::vector<char> buffer(kReadAtMost);
  std::size_t bytes = 0;
  std::size_t open = ends.size();
  while (open > 0) {
    if (ends.size() > 1 && ::poll(ends.data(), ends.size(), -1) < 0) break;
    for (pollfd& end : ends) {
      if (end.fd < 0 || (ends.size() > 1 && end.revents == 0)) continue;
      const ssize_t got = ::read(end.fd, buffer.data(), buffer.size());
      if (got > 0) {
        bytes += static_cast<std::size_t>(got);
      } else {
        ::close(std::exchange(end.fd, -1));
        --open;
      }
    }
  }
  return bytes;
}

Result<double> Bare(const Load& load) {
  auto scratch = bench::Scratch::Make();
  if (!scratch) return Fail(std::move(scratch).error());
  std::vector<std::string> paths;
  std::vector<pollfd> ends;
  for (std::size_t i = 0; i < load.streams; ++i) {
    paths.push_back((*scratch)->path() + "/" + std::to_string(i));
    if (::mkfifo(paths.back().c_str(), 0600) != 0) return Fail(ErrorCode::kUnavailable, "mkfifo");
    const int fd = ::open(paths.back().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    ::fcntl(fd, F_SETFL, 0);
    ends.push_back({.fd = fd, .events = POLLIN, .revents = 0});
  }
  auto writers = OpenWriters(paths);
  if (!writers) return Fail(std::move(writers).error());
  const bench::Stopwatch watch;
  std::thread writer(WriteAll, *writers, load);
  const std::size_t bytes = DrainAll(std::move(ends));
  const double seconds = watch.seconds();
  writer.join();
  if (bytes != load.bytes()) return Fail(ErrorCode::kDataLoss, "floor: bytes are missing");
  return Megabytes(bytes, seconds);
}

// The client's half.
class Sink {
 public:
  Sink() : stdio_(runtime_) {}

  Result<double> Run(const Load& load) {
    auto scratch = bench::Scratch::Make();
    if (!scratch) return Fail(std::move(scratch).error());
    load_ = load;
    ended_ = bytes_ = 0;
    done_ = std::promise<void>();
    std::promise<void> opened;
    fake_containerd::OnExecutor(runtime_, [&] {
      libcontainerd::Spawn(runtime_, OpenAll(this, (*scratch)->path(), &opened));
    });
    opened.get_future().wait();
    std::vector<std::string> paths;
    for (std::size_t i = 0; i < load.streams; ++i) {
      paths.push_back(PathsOf((*scratch)->path(), i).out);
    }
    auto writers = OpenWriters(paths);
    if (!writers) return Fail(std::move(writers).error());
    const bench::Stopwatch watch;
    std::thread writer(WriteAll, *writers, load);
    done_.get_future().wait();
    const double seconds = watch.seconds();
    writer.join();
    fake_containerd::OnExecutor(runtime_, [this] { opened_.clear(); });
    if (bytes_ != load.bytes()) return Fail(ErrorCode::kDataLoss, "bytes are missing");
    return Megabytes(bytes_, seconds);
  }

 private:
  static libcontainerd::StdioPaths PathsOf(const std::string& directory, std::size_t index) {
    return libcontainerd::StdioPaths::In(directory, std::to_string(index));
  }

  static Awaitable<void> OpenAll(Sink* self, std::string directory, std::promise<void>* opened) {
    for (std::size_t i = 0; i < self->load_.streams; ++i) {
      auto opening = self->stdio_.Open(PathsOf(directory, i), true);
      auto process = co_await std::move(opening);
      if (!process) continue;  // its writer cannot be opened then
      libcontainerd::IoPipe pipe = (*process)->TakePipe();
      self->opened_.push_back(std::move(*process));
      libcontainerd::Spawn(self->runtime_, Drain(self, std::move(pipe)));
    }
    opened->set_value();
  }

  static Awaitable<void> Drain(Sink* self, libcontainerd::IoPipe pipe) {
    while (true) {
      const Result<std::string> data = co_await pipe.out->Read(kReadAtMost);
      if (!data || data->empty()) break;
      self->bytes_ += data->size();
    }
    if (++self->ended_ == self->load_.streams) self->done_.set_value();
  }

  libcontainerd::ThreadedRuntime runtime_;
  libcontainerd::FifoStdio stdio_;
  std::vector<std::unique_ptr<libcontainerd::ProcessStdio>> opened_;
  Load load_;
  std::size_t ended_ = 0;
  std::size_t bytes_ = 0;
  std::promise<void> done_;
};

Result<Case> Through(const Settings& settings, std::size_t streams, std::size_t write_bytes) {
  const auto total = settings.Choose<std::size_t>(256U << 20U, 64U << 20U, 64 * write_bytes);
  const Load load{.streams = streams, .write_bytes = write_bytes, .total_bytes = total};
  const auto sink = std::make_shared<Sink>();
  return Case{.unit = "MB/s",
              .subject = [sink, load] { return sink->Run(load); },
              .floors = {{.name = "bare",
                          .measure = [load] { return Bare(load); },
                          .ratio = bench::AtLeast(0.7)}}};
}

}  // namespace

int main(int argc, char** argv) {
  return bench::Main("stdio", argc, argv, [](bench::Suite& suite) {
    for (const std::size_t streams : {1U, 64U}) {
      for (const std::size_t kib : {4U, 64U, 1024U}) {
        suite.Add(std::to_string(streams) + "-" + std::to_string(kib) + "KiB",
                  [streams, kib](const Settings& settings) {
                    return Through(settings, streams, kib << 10U);
                  });
      }
    }
  });
}
