#include "libcontainerd/memory_fifos.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace libcontainerd {
namespace {

// With its slash, and the name in it.
std::pair<std::string_view, std::string_view> Divide(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  const std::size_t name = slash == std::string_view::npos ? 0 : slash + 1;
  return {path.substr(0, name), path.substr(name)};
}

}  // namespace

class MemoryFifos::Pipe {
 public:
  // One side's open ends. As with a kernel's FIFO an end knows only those peers that were there in
  // its own time.
  struct Side {
    std::uint32_t open = 0;
    std::uint32_t opened_ever = 0;
    std::uint32_t gone() const { return opened_ever - open; }
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

// In the frame of a Read or Write, which may outlive its end. Usually there is one at a time.
class MemoryFifos::Pending {
 public:
  explicit Pending(EndState& end) : end_(&end), next_(std::exchange(end.pending, this)) {}
  ~Pending() {
    if (end_ == nullptr) return;
    Pending** link = &end_->pending;
    while (*link != this) link = &(*link)->next_;
    *link = next_;
  }
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;

  bool open() const { return end_ != nullptr && end_->open; }
  bool last_call() const { return end_ != nullptr && end_->last_call; }

 private:
  friend struct EndState;
  EndState* end_;  // null: it is gone
  Pending* next_;
};

MemoryFifos::EndState::~EndState() {
  for (Pending* each = pending; each != nullptr; each = each->next_) each->end_ = nullptr;
}

MemoryFifos::Reader::Reader(std::shared_ptr<Pipe> pipe)
    : pipe_(std::move(pipe)), writers_before_(pipe_->writers.gone()) {
  pipe_->Opened(pipe_->readers);
}

MemoryFifos::Reader::~Reader() {
  Close();
}

void MemoryFifos::Reader::Close() {
  if (std::exchange(state_.open, false)) pipe_->Closed(pipe_->readers);
}

void MemoryFifos::Reader::ExpectNoWriter() {
  state_.last_call = true;
  pipe_->Changed();
}

Awaitable<Result<std::string>> MemoryFifos::Reader::Read(std::size_t max_bytes) {
  const std::shared_ptr<Pipe> pipe = pipe_;
  const Pending self(state_);
  const std::uint32_t writers_before = writers_before_;
  while (self.open()) {
    if (!pipe->buffer.empty()) {
      const std::size_t count = std::min(max_bytes, pipe->buffer.size());
      std::string data = pipe->buffer.substr(0, count);
      pipe->buffer.erase(0, count);
      pipe->Changed();
      co_return data;
    }
    const bool writer_came = pipe->writers.opened_ever > writers_before;
    if (pipe->writers.open == 0 && (writer_came || self.last_call())) co_return std::string();
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
  state_.last_call = true;
  pipe_->Changed();
}

void MemoryFifos::Writer::Close() {
  if (std::exchange(state_.open, false)) pipe_->Closed(pipe_->writers);
}

bool MemoryFifos::Writer::peer_seen() const {
  return pipe_->readers.opened_ever > readers_before_;
}

Awaitable<Status> MemoryFifos::Writer::Write(std::string data) {
  const std::shared_ptr<Pipe> pipe = pipe_;
  const Pending self(state_);
  const std::uint32_t readers_before = readers_before_;
  std::size_t written = 0;
  while (self.open() && !self.last_call()) {
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

std::shared_ptr<MemoryFifos::Pipe> MemoryFifos::Find(std::string_view path) const {
  const auto [directory, name] = Divide(path);
  const auto found = directories_.find(directory);
  if (found == directories_.end()) return nullptr;
  for (const auto& [each, pipe] : found->second) {
    if (each == name) return pipe;
  }
  return nullptr;
}

std::size_t MemoryFifos::size() const {
  std::size_t size = 0;
  for (const auto& [name, directory] : directories_) size += directory.size();
  return size;
}

void MemoryFifos::Create(const std::string& path) {
  if (Find(path)) return;
  const auto [directory, name] = Divide(path);
  Directory& pipes = directories_[std::string(directory)];
  constexpr std::size_t kUsual = 3;  // of one process
  if (pipes.empty()) pipes.reserve(kUsual);
  pipes.emplace_back(name, std::make_shared<Pipe>(runtime_, capacity_));
}

void MemoryFifos::Remove(const std::string& path) {
  const auto [directory, name] = Divide(path);
  const auto found = directories_.find(directory);
  if (found == directories_.end()) return;
  std::erase_if(found->second,
                [&, wanted = name](const auto& each) { return each.first == wanted; });
  if (found->second.empty()) directories_.erase(found);
}

void MemoryFifos::RemoveBelow(const std::string& prefix) {
  const auto first = directories_.lower_bound(prefix);
  auto end = first;
  while (end != directories_.end() && end->first.starts_with(prefix)) ++end;
  directories_.erase(first, end);
  // What begins so in the directory that the prefix itself is in.
  const auto [directory, beginning] = Divide(prefix);
  const auto found = directories_.find(directory);
  if (found == directories_.end()) return;
  std::erase_if(found->second, [&, wanted = beginning](const auto& each) {
    return each.first.starts_with(wanted);
  });
  if (found->second.empty()) directories_.erase(found);
}

Result<std::unique_ptr<MemoryFifos::Reader>> MemoryFifos::OpenReader(const std::string& path) {
  std::shared_ptr<Pipe> pipe = Find(path);
  if (!pipe) return Fail(ErrorCode::kNotFound, "open " + path + ": no such file or directory");
  return std::make_unique<Reader>(std::move(pipe));
}

Result<std::unique_ptr<MemoryFifos::Writer>> MemoryFifos::OpenWriter(const std::string& path) {
  std::shared_ptr<Pipe> pipe = Find(path);
  if (!pipe) return Fail(ErrorCode::kNotFound, "open " + path + ": no such file or directory");
  return std::make_unique<Writer>(std::move(pipe));
}

}  // namespace libcontainerd
