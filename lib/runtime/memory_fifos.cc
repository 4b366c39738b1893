#include "libcontainerd/memory_fifos.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace libcontainerd {

class MemoryFifos::Pipe {
 public:
  // One side's open ends. As with a kernel's FIFO an end knows only those peers that were there in
  // its own time.
  struct Side {
    std::size_t open = 0;
    std::uint64_t opened_ever = 0;
    std::uint64_t gone() const { return opened_ever - open; }
  };

  Pipe(Runtime& runtime, std::size_t capacity) : runtime_(runtime), capacity_(capacity) {}

  // Suspends until something about the pipe changed.
  Awaitable<void> Change() {
    auto change = std::make_shared<OneShot<Unit>>(runtime_);
    waiting_.push_back(change);
    co_await change->Wait();
  }
  void Changed() {
    for (const auto& change : std::exchange(waiting_, {})) change->Set(Unit());
  }

  void Opened(Side& side) {
    ++side.open;
    ++side.opened_ever;
    Changed();
  }
  void Closed(Side& side) {
    --side.open;
    if (readers.open == 0 && writers.open == 0) buffer.clear();
    Changed();
  }
  std::size_t room() const { return capacity_ - std::min(capacity_, buffer.size()); }

  std::string buffer;
  Side readers;
  Side writers;

 private:
  Runtime& runtime_;
  std::size_t capacity_;
  std::vector<std::shared_ptr<OneShot<Unit>>> waiting_;
};

MemoryFifos::Reader::Reader(std::shared_ptr<Pipe> pipe)
    : pipe_(std::move(pipe)), writers_before_(pipe_->writers.gone()) {
  pipe_->Opened(pipe_->readers);
}

MemoryFifos::Reader::~Reader() {
  Close();
}

void MemoryFifos::Reader::Close() {
  if (std::exchange(*open_, false)) pipe_->Closed(pipe_->readers);
}

void MemoryFifos::Reader::ExpectNoWriter() {
  *no_writer_comes_ = true;
  pipe_->Changed();
}

Awaitable<Result<std::string>> MemoryFifos::Reader::Read(std::size_t max_bytes) {
  const std::shared_ptr<Pipe> pipe = pipe_;
  const std::shared_ptr<bool> open = open_;
  const std::shared_ptr<bool> no_writer_comes = no_writer_comes_;
  const std::uint64_t writers_before = writers_before_;
  while (*open) {
    if (!pipe->buffer.empty()) {
      const std::size_t count = std::min(max_bytes, pipe->buffer.size());
      std::string data = pipe->buffer.substr(0, count);
      pipe->buffer.erase(0, count);
      pipe->Changed();
      co_return data;
    }
    const bool writer_came = pipe->writers.opened_ever > writers_before;
    if (pipe->writers.open == 0 && (writer_came || *no_writer_comes)) co_return std::string();
    co_await pipe->Change();
  }
  co_return Fail(ErrorCode::kCancelled, "stream closed");
}

MemoryFifos::Writer::Writer(std::shared_ptr<Pipe> pipe)
    : pipe_(std::move(pipe)), readers_before_(pipe_->readers.gone()) {
  pipe_->Opened(pipe_->writers);
}

MemoryFifos::Writer::~Writer() {
  Close();
}

void MemoryFifos::Writer::EndWrites() {
  *writable_ = false;
  pipe_->Changed();
}

void MemoryFifos::Writer::Close() {
  *writable_ = false;
  if (std::exchange(*open_, false)) pipe_->Closed(pipe_->writers);
}

bool MemoryFifos::Writer::peer_seen() const {
  return pipe_->readers.opened_ever > readers_before_;
}

Awaitable<Status> MemoryFifos::Writer::Write(std::string data) {
  const std::shared_ptr<Pipe> pipe = pipe_;
  const std::shared_ptr<bool> writable = writable_;
  const std::uint64_t readers_before = readers_before_;
  std::size_t written = 0;
  while (*writable) {
    if (pipe->readers.open == 0 && pipe->readers.opened_ever > readers_before) {
      co_return Fail(ErrorCode::kUnavailable, "broken pipe");
    }
    const std::size_t count = std::min(pipe->room(), data.size() - written);
    if (count > 0) {
      pipe->buffer.append(data, written, count);
      written += count;
      pipe->Changed();
    }
    if (written == data.size()) co_return Status();
    co_await pipe->Change();
  }
  co_return Fail(ErrorCode::kCancelled, "stream closed");
}

void MemoryFifos::Create(const std::string& path) {
  if (!pipes_.contains(path)) pipes_.emplace(path, std::make_shared<Pipe>(runtime_, capacity_));
}

void MemoryFifos::Remove(const std::string& path) {
  pipes_.erase(path);
}

void MemoryFifos::RemoveBelow(const std::string& prefix) {
  std::erase_if(pipes_, [&](const auto& entry) { return entry.first.starts_with(prefix); });
}

Result<std::unique_ptr<MemoryFifos::Reader>> MemoryFifos::OpenReader(const std::string& path) {
  const auto found = pipes_.find(path);
  if (found == pipes_.end()) {
    return Fail(ErrorCode::kNotFound, "open " + path + ": no such file or directory");
  }
  return std::make_unique<Reader>(found->second);
}

Result<std::unique_ptr<MemoryFifos::Writer>> MemoryFifos::OpenWriter(const std::string& path) {
  const auto found = pipes_.find(path);
  if (found == pipes_.end()) {
    return Fail(ErrorCode::kNotFound, "open " + path + ": no such file or directory");
  }
  return std::make_unique<Writer>(found->second);
}

}  // namespace libcontainerd
