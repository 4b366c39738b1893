#include "bench/floor/life_floor.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/frame/stopwatch.h"

namespace bench {

using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::Result;
using libcontainerd::Status;

namespace {

constexpr std::string_view kOutput = "hello\n";
constexpr std::array kNames{"/init-stdin", "/init-stdout", "/init-stderr"};

Status Failed(const std::string& what) {
  return Fail(ErrorCode::kUnavailable, what + ": " + std::generic_category().message(errno));
}

// Both ends of the three, opened as client and daemon open them.
struct Ends {
  std::array<int, 3> client{-1, -1, -1};
  std::array<int, 3> daemon{-1, -1, -1};
  ~Ends() {
    for (const int fd : client) Close(fd);
    for (const int fd : daemon) Close(fd);
  }
  static void Close(int fd) {
    if (fd >= 0) ::close(fd);
  }
};

Status Open(const std::string& bundle, Ends& ends) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    const std::string path = bundle + kNames[i];
    const int ours = i == 0 ? O_RDWR : O_RDONLY;
    const int theirs = i == 0 ? O_RDONLY : O_WRONLY;
    if (::mkfifo(path.c_str(), 0700) != 0) return Failed("mkfifo");
    ends.client[i] = ::open(path.c_str(), ours | O_NONBLOCK | O_CLOEXEC);
    if (ends.client[i] < 0) return Failed("open");
    ends.daemon[i] = ::open(path.c_str(), theirs | O_NONBLOCK | O_CLOEXEC);
    if (ends.daemon[i] < 0) return Failed("open");
  }
  return {};
}

Status ReadToEnd(int fd, std::size_t expected) {
  char buffer[4096];
  std::size_t bytes = 0;
  while (true) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got < 0) return Failed("read");
    if (got == 0) break;
    bytes += static_cast<std::size_t>(got);
  }
  if (bytes != expected) return Fail(ErrorCode::kDataLoss, "floor: bytes are missing");
  return {};
}

Status WriteConfig(const std::string& bundle, const std::string& spec) {
  const std::string path = bundle + "/config.json";
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return Failed("open config.json");
  const bool written = ::write(fd, spec.data(), spec.size()) == static_cast<ssize_t>(spec.size());
  ::close(fd);
  if (!written) return Failed("write config.json");
  return {};
}

// The daemon reads what the client wrote.
Status ReadConfig(const std::string& bundle, std::size_t bytes) {
  const int fd = ::open((bundle + "/config.json").c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Failed("open config.json");
  Status read = ReadToEnd(fd, bytes);
  ::close(fd);
  return read;
}

Status Live(const std::string& bundle, const std::string& spec) {
  if (::mkdir(bundle.c_str(), 0700) != 0) return Failed("mkdir");
  if (Status written = WriteConfig(bundle, spec); !written) return written;
  Ends ends;
  if (Status opened = Open(bundle, ends); !opened) return opened;
  if (Status read = ReadConfig(bundle, spec.size()); !read) return read;
  if (::write(ends.daemon[1], kOutput.data(), kOutput.size()) < 0) return Failed("write");
  for (int& fd : ends.daemon) Ends::Close(std::exchange(fd, -1));
  if (Status read = ReadToEnd(ends.client[1], kOutput.size()); !read) return read;
  if (Status read = ReadToEnd(ends.client[2], 0); !read) return read;
  for (const char* const name : kNames) ::unlink((bundle + name).c_str());
  ::unlink((bundle + "/config.json").c_str());
  if (::rmdir(bundle.c_str()) != 0) return Failed("rmdir");
  return {};
}

}  // namespace

Result<std::unique_ptr<LifeFloor>> LifeFloor::Start() {
  auto wire = GrpcFloor::Start(Wire::kSocket, std::vector<types::Event>(1));
  if (!wire) return Fail(std::move(wire).error());
  auto scratch = Scratch::Make(Scratch::Where::kMemory);
  if (!scratch) return Fail(std::move(scratch).error());
  return std::unique_ptr<LifeFloor>(new LifeFloor(std::move(*wire), std::move(*scratch)));
}

Result<double> LifeFloor::Run(std::size_t lives, std::size_t at_once, const std::string& spec) {
  const Stopwatch watch;
  for (std::size_t done = 0; done < lives; done += at_once) {
    const std::size_t now = std::min(at_once, lives - done);
    for (std::size_t i = 0; i < now; ++i) {
      if (Status lived = Live(scratch_->path() + "/life-" + std::to_string(i), spec); !lived) {
        return Fail(std::move(lived).error());
      }
    }
    for (int call = 0; call < 2; ++call) {
      if (Status called = wire_->Calls(now); !called) return Fail(std::move(called).error());
    }
  }
  return static_cast<double>(lives) / watch.seconds();
}

}  // namespace bench
