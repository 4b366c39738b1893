// Named pipes in memory, for worlds without a kernel. They behave as FIFOs do where it matters: a
// bounded buffer, end-of-file once a writer was there and all are closed, "broken pipe" once the
// readers left, data gone when nobody holds either end. "Was there" counts from when this end was
// opened: a path that is used again begins anew.
//
// Threads: the executor's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libcontainerd/async.h"
#include "libcontainerd/error.h"

namespace libcontainerd {

class MemoryFifos {
 public:
  // What Linux gives a pipe.
  static constexpr std::size_t kDefaultCapacity = 65536;

  explicit MemoryFifos(Runtime& runtime, std::size_t capacity = kDefaultCapacity)
      : runtime_(runtime), capacity_(capacity) {}

  class Pipe;
  class Pending;
  // Of an end, as a Read or Write under way has to know it.
  struct EndState {
    EndState() = default;
    ~EndState();
    EndState(const EndState&) = delete;
    EndState& operator=(const EndState&) = delete;

    bool open = true;
    bool last_call = false;      // Reader: no writer comes; Writer: no more writes
    Pending* pending = nullptr;  // what is under way
  };

  // An open end closes when destroyed. One pending Read (or Write) per end.
  class Reader {
   public:
    explicit Reader(std::shared_ptr<Pipe> pipe);
    ~Reader();
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    // At least one byte; empty at end-of-file; CANCELLED when closed meanwhile.
    Awaitable<Result<std::string>> Read(std::size_t max_bytes);
    void Close();
    // No writer will come any more: without one, end-of-file is now.
    void ExpectNoWriter();

   private:
    std::shared_ptr<Pipe> pipe_;
    std::uint32_t writers_before_;  // those gone when this end was opened
    EndState state_;
  };
  class Writer {
   public:
    explicit Writer(std::shared_ptr<Pipe> pipe);
    ~Writer();
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    // All of it, waiting for room; UNAVAILABLE "broken pipe" when a reader was there and none is
    // left; CANCELLED when closed, or writes were ended, meanwhile.
    Awaitable<Status> Write(std::string data);
    // No more writes; the end stays open, and what it wrote is kept.
    void EndWrites();
    void Close();
    // A reader is or was there.
    bool peer_seen() const;

   private:
    std::shared_ptr<Pipe> pipe_;
    std::uint32_t readers_before_;
    EndState state_;
  };

  void Create(const std::string& path);  // existing is fine
  bool Exists(const std::string& path) const { return Find(path) != nullptr; }
  void Remove(const std::string& path);  // open ends go on working, as with a file
  // Removes every path that begins with `prefix`.
  void RemoveBelow(const std::string& prefix);
  std::size_t size() const;

  // NOT_FOUND when there is no such path.
  Result<std::unique_ptr<Reader>> OpenReader(const std::string& path);
  Result<std::unique_ptr<Writer>> OpenWriter(const std::string& path);

 private:
  Runtime& runtime_;
  std::size_t capacity_;
  // A path is divided behind its last slash: many are in few directories.
  using Directory = std::vector<std::pair<std::string, std::shared_ptr<Pipe>>>;
  std::shared_ptr<Pipe> Find(std::string_view path) const;

  std::map<std::string, Directory, std::less<>> directories_;  // none is empty
};

}  // namespace libcontainerd
