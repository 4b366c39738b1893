// Backend: what an engine gives to the client, to be told what happens to its containers.
//
// Order: the StateChanged calls of one container never overlap and follow the order of its events;
// those of different containers never wait for each other. An attach is separate: it runs while its
// create or add-process waits for it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "libcontainerd/error.h"
#include "libcontainerd/stdio.h"
#include "libcontainerd/unique_function.h"

namespace libcontainerd {

// The friendly name of a container's first process, and its pid on the wire.
inline constexpr std::string_view kInitProcess = "init";

enum class ContainerState : std::uint8_t {
  kStart,        // "start-container": Create succeeded; system_pid is set
  kPause,        // "pause"
  kResume,       // "resume"
  kExit,         // "exit": exit_code and oom_killed are set; the container is forgotten
  kRestore,      // "restore": a live Restore succeeded; system_pid is set
  kExitProcess,  // "exit-process": process and exit_code are set
  kOom,          // "oom": the flag itself comes with the exit
};

// The state's name in the field, as quoted above.
std::string_view ContainerStateName(ContainerState state);

struct StateInfo {
  ContainerState state = ContainerState::kStart;
  std::uint32_t system_pid = 0;
  std::uint32_t exit_code = 0;
  std::string process;  // friendly name, with kExitProcess only
  bool oom_killed = false;

  friend bool operator==(const StateInfo&, const StateInfo&) = default;
};

// Says that a callback is over; call it exactly once, from any thread, at any time.
using Done = UniqueFunction<void(Status)>;

// The asynchronous port. Called on the client's executor: must not block; the work may go on until
// `done` is called. The next callback of that container waits for it, nothing else does.
class Backend {
 public:
  virtual ~Backend() = default;
  // An error is logged; from a kStart callback it fails the Create, and the container is killed.
  virtual void StateChanged(const std::string& id, const StateInfo& info, Done done) = 0;
  // `process` is kInitProcess or an exec's name. The engine owns the pipe. An error fails the
  // create or add-process.
  virtual void AttachStreams(const std::string& id, const std::string& process, IoPipe pipe,
                             Done done) = 0;
};

// For engines with plain, blocking callbacks; BlockingBackendAdapter runs them on the runtime's
// pool. Any client method may be called from inside one; Create, Pause, Resume and Restore of the
// *same* container, which would have to wait for the callback that they are called from, return
// FAILED_PRECONDITION there. So does, during an attach, every call that waits for its turn.
class BlockingBackend {
 public:
  virtual ~BlockingBackend() = default;
  virtual Status StateChanged(const std::string& id, const StateInfo& info) = 0;
  virtual Status AttachStreams(const std::string& id, const std::string& process, IoPipe pipe) = 0;
};

class BlockingBackendAdapter final : public Backend {
 public:
  // Both outlive the adapter, and the adapter its pending callbacks.
  BlockingBackendAdapter(Runtime& runtime, BlockingBackend& backend)
      : runtime_(runtime), backend_(backend) {}

  void StateChanged(const std::string& id, const StateInfo& info, Done done) override;
  void AttachStreams(const std::string& id, const std::string& process, IoPipe pipe,
                     Done done) override;

 private:
  Runtime& runtime_;
  BlockingBackend& backend_;
};

// The container whose StateChanged callback runs on this thread through a BlockingBackendAdapter;
// empty if none.
std::string_view ContainerOfRunningCallback();
// The same for AttachStreams: that container's Create or AddProcess waits for it.
std::string_view ContainerOfRunningAttach();

}  // namespace libcontainerd
