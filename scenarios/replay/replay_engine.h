// ReplayEngine: the engine of a replay. Does in its callbacks what the recorded engine did — reads
// outputs, closes stdin at attach, fails where it failed — and remembers what it read.
//
// Threads: the executor's thread.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "fake_containerd/world/digest.h"
#include "libcontainerd/backend.h"
#include "scenarios/replay_plan.h"

namespace scenarios {

class ReplayEngine final : public libcontainerd::Backend {
 public:
  struct Output {
    std::uint64_t total = 0;
    std::string sha256;  // hex, of `total` bytes; set at end-of-file
    bool ended = false;
  };
  struct Attached {
    std::array<Output, 2> outputs;  // stdout, stderr
    std::string stdin_written;
  };

  // Both outlive the engine.
  ReplayEngine(libcontainerd::Runtime& runtime, const ReplayPlan& plan);
  ~ReplayEngine() override;

  void StateChanged(const std::string& id, const libcontainerd::StateInfo& info,
                    libcontainerd::Done done) override;
  void AttachStreams(const std::string& id, const std::string& process, libcontainerd::IoPipe pipe,
                     libcontainerd::Done done) override;

  // Tells which planned call the next attach of that process belongs to; CallEnded takes it back if
  // none came.
  void CallBegun(std::size_t call);
  void CallEnded(std::size_t call);

  void WriteStdin(const StdinAction& action);
  void CloseStdin(const StdinAction& action);

  // What was read by that create or add-process; null if it never attached.
  const Attached* attached(std::size_t call) const;
  bool writing() const { return writes_running_ > 0; }
  // Every output that was attached has come to its end.
  bool all_ended() const { return readers_running_ == 0; }
  // Lets go of all stdins.
  void Release();
  // The engine's process dies: every stream that it holds closes.
  void Die();

 private:
  using ProcessName = std::pair<std::string, std::string>;
  libcontainerd::Awaitable<void> ReadToEnd(std::shared_ptr<libcontainerd::OutputReader> reader,
                                           std::size_t call, std::size_t index);
  libcontainerd::Awaitable<void> Discard(std::shared_ptr<libcontainerd::OutputReader> reader);
  libcontainerd::Awaitable<void> Write(std::shared_ptr<libcontainerd::StdinWriter> writer,
                                       std::string data);
  libcontainerd::Awaitable<void> Close(std::shared_ptr<libcontainerd::StdinWriter> writer);

  libcontainerd::Runtime& runtime_;
  const ReplayPlan& plan_;
  std::map<ProcessName, std::deque<std::size_t>> begun_;
  std::map<ProcessName, std::size_t> last_attached_;
  std::map<std::size_t, Attached> attached_;
  std::map<std::size_t, std::shared_ptr<libcontainerd::StdinWriter>> stdins_;
  std::vector<std::weak_ptr<libcontainerd::OutputReader>> readers_;
  std::set<std::string> restoring_;  // containers
  std::size_t readers_running_ = 0;
  std::size_t writes_running_ = 0;
};

}  // namespace scenarios
