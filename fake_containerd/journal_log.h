// JournalLog: what happens in a fake, as lines of the journal (docs/journal.md): to a file, and to
// whoever follows.
//
// The daemon's side of a run: RPCs from their arrival to their answer, events, what processes
// write, and notes. The client's side (calls, callbacks, deliveries) only a journal of both can
// hold.
//
// A line stands in the file, for every other process to see, before its effect is released.
//
// Threads: the executor's of the runtime.
#pragma once

#include <cstdint>
#include <deque>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "fake_containerd/world/observer.h"
#include "libcontainerd/error.h"
#include "libcontainerd/runtime.h"

namespace fake_containerd {

class JournalLog final : public WorldObserver {
 public:
  // How many lines a follower may ask for that begins late.
  static constexpr std::size_t kKept = 65'536;

  explicit JournalLog(Runtime& runtime) : runtime_(runtime) {}

  // Replaces what is there. UNAVAILABLE with the path. Readable by its owner only.
  libcontainerd::Status OpenFile(const std::string& path);
  // From now on lines are kept for followers.
  void Keep() { keeping_ = true; }
  // The file could not be written at some time.
  bool file_failed() const { return file_.is_open() && !file_; }

  struct Rpc {
    std::string method{};
    std::string id{};
    std::string process{};
    bool flag = false;
    std::int64_t stamp = 0;
    std::string text{};  // of its begin
    std::uint64_t number = 0;
  };
  // Fills in the number.
  void RpcBegan(Rpc& rpc);
  void RpcEnded(const Rpc& rpc, const libcontainerd::Status& status);
  void Note(std::string_view text);

  // `seq` and the line without its newline.
  using Follower = std::function<void(std::uint64_t seq, const std::string& line)>;
  // Calls it for every kept line after `after`, inside this call, then for each new one.
  std::uint64_t Follow(std::uint64_t after, Follower follower);
  void Unfollow(std::uint64_t number) { followers_.erase(number); }
  std::uint64_t last_seq() const { return seq_; }

  void OnEventEmitted(const Event& event) override;
  void OnEventDropped(const Event& event, std::uint64_t subscriber) override;
  void OnEventLost(const Event& event, std::string_view why, bool emitted) override;
  void OnFaultFired(const FiredFault& fault) override;
  void OnHeld(const HeldItem& item) override;
  void OnReleased(const HeldItem& item) override;
  void OnTerminalResized(const ContainerKey& container, const std::string& process,
                         std::uint32_t width, std::uint32_t height, std::uint64_t count) override;
  void OnStdioBytes(const ContainerKey& container, const std::string& process, StdioStream stream,
                    std::string_view data) override;
  void OnStdioEnd(const ContainerKey& container, const std::string& process, StdioStream stream,
                  std::uint64_t total_bytes, const std::string& sha256) override;

 private:
  class Line;
  bool off() const { return !keeping_ && !file_.is_open(); }
  void EventLine(std::string_view kind, const Event& event, std::string_view text);
  void HeldLine(std::string_view kind, const HeldItem& item);
  void Write(std::string line);

  Runtime& runtime_;
  bool keeping_ = false;
  std::ofstream file_;
  std::uint64_t seq_ = 0;
  std::uint64_t last_number_ = 0;
  std::deque<std::string> kept_;  // the last of them has seq_
  std::uint64_t last_follower_ = 0;
  std::map<std::uint64_t, Follower> followers_;
};

}  // namespace fake_containerd
