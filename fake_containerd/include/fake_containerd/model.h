// The world's nouns: what containers, processes, events and failures are, whatever API version asks
// for them.
//
// Plain values. No wire words and no error texts: a facade (fake_containerd/v0) turns these into
// those.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "libcontainerd/error.h"
#include "libcontainerd/runtime.h"
#include "libcontainerd/seldom.h"

namespace fake_containerd {

using libcontainerd::Duration;
using libcontainerd::Runtime;
using libcontainerd::WallTime;

// The name of a container's first process.
inline constexpr char kInitName[] = "init";
// The namespace of an API that has none, and of events read from a log file.
inline constexpr char kDefaultNamespace[] = "default";

enum class OutputStream : std::uint8_t { kStdout, kStderr };
enum class StdioStream : std::uint8_t { kStdin, kStdout, kStderr };
// "stdin", "stdout", "stderr".
std::string_view StdioStreamName(StdioStream stream);

// What went through a stream.
struct StreamTotal {
  std::uint64_t bytes = 0;
  std::string sha256{};  // of all of it, in lower-case hex

  friend bool operator==(const StreamTotal&, const StreamTotal&) = default;
};

// Where a process's streams are: FIFOs that the client made.
struct IoPaths {
  std::string in{};
  std::string out{};
  std::string err{};

  // What engines call them: <bundle>/<name>-stdin, -stdout, -stderr.
  static IoPaths In(const std::string& bundle, const std::string& name);
  friend bool operator==(const IoPaths&, const IoPaths&) = default;
};

struct ContainerKey {
  std::string space = kDefaultNamespace;
  std::string id{};

  friend auto operator<=>(const ContainerKey&, const ContainerKey&) = default;
};

enum class EventKind : std::uint8_t {
  kStartContainer,
  kStartProcess,
  kExit,
  kOom,
  kPause,
  kResume,
  kLive,  // declared by containerd, never emitted by it
};
// "start-container" and so on: the word in the event log file and in journals.
std::string_view EventKindName(EventKind kind);
std::optional<EventKind> EventKindFromName(std::string_view name);

struct Event {
  EventKind kind = EventKind::kExit;
  ContainerKey container{};
  std::string process{};     // kExit and kStartProcess only
  std::uint32_t status = 0;  // kExit only: 128 + signal when killed, 255 when it could not be read
  // The system pid of the container's init, by which an observer tells the bearers of one id apart.
  // 0: emitted out of nothing. Neither on the wire nor in the log's file.
  std::uint32_t init_pid = 0;
  WallTime time{};

  friend bool operator==(const Event&, const Event&) = default;
};

struct ProcessUser {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> additional_gids{};
};

struct ResourceLimit {
  std::string type{};
  std::uint64_t soft = 0;
  std::uint64_t hard = 0;

  friend bool operator==(const ResourceLimit&, const ResourceLimit&) = default;
};

struct Privileges {
  std::vector<std::string> capabilities{};
  std::string apparmor_profile{};
  std::string selinux_label{};
  bool no_new_privileges = false;
  std::vector<ResourceLimit> rlimits{};

  friend bool operator==(const Privileges&, const Privileges&) = default;
};

struct ProcessSpec {
  bool terminal = false;
  ProcessUser user{};
  std::vector<std::string> args{};
  std::vector<std::string> env{};
  std::string cwd{};
  libcontainerd::Seldom<Privileges> privileges{};
};

// Absent: leave as it is.
struct Resources {
  std::optional<std::uint64_t> blkio_weight{};
  std::optional<std::uint64_t> cpu_shares{};
  std::optional<std::uint64_t> cpu_period{};
  std::optional<std::uint64_t> cpu_quota{};
  std::optional<std::string> cpuset_cpus{};
  std::optional<std::string> cpuset_mems{};
  std::optional<std::uint64_t> memory_limit{};
  std::optional<std::uint64_t> memory_swap{};
  std::optional<std::uint64_t> memory_reservation{};
  std::optional<std::uint64_t> kernel_memory_limit{};
  std::optional<std::uint64_t> kernel_tcp_memory_limit{};
  std::optional<std::uint64_t> pids_limit{};

  friend bool operator==(const Resources&, const Resources&) = default;
};

// What a bundle says about its container.
struct BundleSpec {
  ProcessSpec process{};
  std::string cgroups_path{};  // empty: "/" and the container's id
  std::map<std::string, std::string> annotations{};
  Resources resources{};  // those that are limited
};

struct ProcessInfo {
  std::string name{};
  std::uint32_t system_pid = 0;
  ProcessSpec spec{};
  libcontainerd::Seldom<IoPaths> io{};
};

// What no answer of the 0.2 API tells about a process.
struct ProcessActivity {
  std::uint32_t terminal_width = 0;  // as last set by a resize
  std::uint32_t terminal_height = 0;
  std::uint64_t resizes = 0;
  StreamTotal in{};  // taken by the process so far
  StreamTotal out{};
  StreamTotal err{};
};

enum class TaskStatus : std::uint8_t { kStopped, kRunning };

struct ContainerInfo {
  ContainerKey key{};
  std::string bundle{};
  std::vector<std::string> labels{};
  std::string runtime{};
  TaskStatus status = TaskStatus::kStopped;  // never "paused": containerd 0.2 does not tell
  bool paused = false;  // for observers and tests; no answer of the 0.2 API carries it
  std::vector<ProcessInfo> processes{};  // init first
  std::vector<std::uint32_t> pids{};     // every process in the container; empty unless asked for
  std::map<std::string, ProcessActivity> activity{};  // by process; only from Inspect()
};

struct CheckpointOptions {
  std::string name{};
  bool exit = false;
  bool tcp = false;
  bool unix_sockets = false;
  bool shell = false;
  std::vector<std::string> empty_namespaces{};
};

enum class FailureKind : std::uint8_t {
  kContainerNotFound,
  kProcessNotFound,
  kContainerExists,     // the id is in use, or its directory is
  kContainerDirectory,  // the id names a directory below one that does not exist
  kProcessExists,
  kBundle,          // `passed_on` holds what reading the bundle said
  kStreamMissing,   // subject: the path
  kRuntimeMissing,  // subject: the runtime's path
  kNotStarted,      // the runtime did nothing
  kStartTimeout,
  kBinaryMissing,  // subject: args[0]
  kNotInPath,      // subject: args[0]
  kNotExecutable,  // subject: args[0]
  kBadCwd,         // subject: the directory
  kNoArgs,
  kRuntimeMessage,  // subject: the runtime's own words
  kPausedAlready,
  kNotPaused,
  kInvalidSignal,
  kNoSuchProcess,        // it is dead, the daemon has not noticed yet
  kControlClosed,        // the same, for its control pipe
  kInitJustDied,         // number: its system pid
  kInitJustDiedPids,     // the same, while asking for all pids
  kMemoryBusy,           // number: the limit that is below what is in use; subject: the cgroup
  kCheckpointTool,       // the tool is not installed
  kCheckpointExists,     // subject: the path
  kCheckpointDirectory,  // a directory to list is missing; subject: the path
  kCheckpointMissing,    // the one to start from is; subject: its config.json
  kDiskFull,             // subject: what was to be made there; empty: container's or process's own
  kDiskReadOnly,         // the same
  kInjected,             // a fault: `passed_on` holds what is to be said
  kDaemonGone,           // stopped before it could answer
  kTooManyContainers,    // number: the limit
};

struct Failure {
  FailureKind kind = FailureKind::kContainerNotFound;
  ContainerKey container{};
  std::string process{};  // empty: none
  std::string subject{};
  std::uint64_t number = 0;
  libcontainerd::Error passed_on{};
};

template <class T>
using WorldResult = tl::expected<T, Failure>;
using WorldStatus = WorldResult<void>;

}  // namespace fake_containerd
