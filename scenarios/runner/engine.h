// Engine: the engine of scenarios and tests. A Backend that remembers every callback as a line,
// reads every output to its end, and holds or fails what somebody names.
//
// A name is "c1 start-container", "c1 exit", "c1 exit-process e1", "c1 attach init"; without the
// process, or without container and process ("exit", "attach"), it means all of them.
//
// Threads: the executor's.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "libcontainerd/backend.h"

namespace scenarios {

class Engine final : public libcontainerd::Backend {
 public:
  struct Output {
    std::string text;
    bool ended = false;
    std::string error;
  };
  // What one attach gave.
  struct Stream {
    std::unique_ptr<libcontainerd::StdinWriter> in;
    std::unique_ptr<libcontainerd::OutputReader> out_reader;
    std::unique_ptr<libcontainerd::OutputReader> err_reader;
    bool terminal = false;
    Output out;
    Output err;
  };

  explicit Engine(libcontainerd::Runtime& runtime) : runtime_(runtime), reading_(runtime) {}

  std::set<std::string> holds;                          // they do not end before Release()
  std::map<std::string, libcontainerd::Error> failing;  // they end with that error
  std::map<std::string, std::uint32_t> failing_times;   // so often; without an entry: always
  std::function<void(const std::string& name)> on_begin;
  bool closes_stdin_at_attach = false;

  // While held, no output is read; what a process writes stays in its pipes.
  void HoldReading(bool held);

  // Those that are held under this name, and none is from now on; or so many, and the hold stays.
  void Release(const std::string& name, std::optional<std::size_t> count = std::nullopt);
  void ReleaseAll();
  // The engine's process died: whatever is called back from now on ends at once, unseen.
  void Die();
  void Revive() { dead_ = false; }

  // As it begins: its name, for exits the code, and " oom" with that flag.
  const std::vector<std::string>& lines() const { return lines_; }
  // "web attach init", as it begins.
  const std::vector<std::string>& attaches() const { return attaches_; }
  // The lines of one container, without its id.
  std::vector<std::string> LinesOf(const std::string& id) const;
  std::size_t held() const { return held_.size(); }
  std::size_t HeldAt(const std::string& name) const;
  bool Holds(const std::string& name) const { return HeldAt(name) > 0; }
  std::uint32_t started_pid(const std::string& id) const { return pids_.at(id); }

  // Of the latest attach of that process; null before. Close() lets go of it: who writes keeps it.
  std::shared_ptr<Stream> stream(const std::string& id, const std::string& process);
  // Every output has ended.
  bool all_ended() const { return open_outputs() == 0; }
  std::size_t open_outputs() const;
  // Of all outputs so far.
  std::size_t bytes_read() const { return bytes_read_; }
  // Closes what is still open, and waits for its readers.
  libcontainerd::Awaitable<void> Close();

  void StateChanged(const std::string& id, const libcontainerd::StateInfo& info,
                    libcontainerd::Done done) override;
  void AttachStreams(const std::string& id, const std::string& process, libcontainerd::IoPipe pipe,
                     libcontainerd::Done done) override;

 private:
  // One callback, by its parts.
  struct Callback {
    std::string id;
    std::string kind;
    std::string process;  // of exit-process and attach

    std::string text() const;
    bool Is(const std::string& name) const;
  };
  struct Held {
    Callback callback;
    libcontainerd::Done done;
  };

  void Finish(const Callback& callback, libcontainerd::Done done);
  const libcontainerd::Error* FailureOf(const Callback& callback);
  libcontainerd::Awaitable<void> Read(std::shared_ptr<Stream> stream, bool out);
  libcontainerd::Awaitable<void> WaitToRead();
  static libcontainerd::Awaitable<void> CloseStdin(std::shared_ptr<Stream> stream);

  libcontainerd::Runtime& runtime_;
  libcontainerd::TaskScope reading_;
  bool reading_held_ = false;
  std::size_t bytes_read_ = 0;
  std::vector<std::shared_ptr<libcontainerd::OneShot<libcontainerd::Unit>>> waiting_to_read_;
  std::vector<std::string> lines_;
  std::vector<std::string> attaches_;
  std::vector<Held> held_;
  bool dead_ = false;
  std::map<std::string, std::uint32_t> pids_;
  std::map<std::string, std::shared_ptr<Stream>> streams_;  // by "id/process"
  std::vector<std::shared_ptr<Stream>> all_streams_;
};

}  // namespace scenarios
