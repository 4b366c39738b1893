#include "fake_containerd/v0/messages.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace fake_containerd::v0 {
namespace {

using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::Result;

// Go's zero time and the range of its protobuf timestamps.
constexpr std::int64_t kZeroSeconds = -62135596800;
constexpr std::int64_t kBeyondSeconds = 253402300800;
constexpr std::int32_t kNanosPerSecond = 1'000'000'000;
constexpr std::uint64_t kUnlimited = 9223372036854771712U;
constexpr std::uint64_t kKernelMemory = 241664;
constexpr std::uint64_t kKernelMemoryPeak = 430080;
constexpr int kCpuCount = 2;

std::vector<std::string> Strings(const google::protobuf::RepeatedPtrField<std::string>& field) {
  return {field.begin(), field.end()};
}

types::Process ToProcess(const ProcessInfo& info) {
  types::Process process;
  process.set_pid(info.name);
  process.set_systempid(info.system_pid);
  process.set_stdin(info.io.in);
  process.set_stdout(info.io.out);
  process.set_stderr(info.io.err);
  const ProcessSpec& spec = info.spec;
  process.set_terminal(spec.terminal);
  types::User* user = process.mutable_user();
  user->set_uid(spec.user.uid);
  user->set_gid(spec.user.gid);
  for (const std::uint32_t gid : spec.user.additional_gids) user->add_additionalgids(gid);
  for (const std::string& arg : spec.args) process.add_args(arg);
  for (const std::string& variable : spec.env) process.add_env(variable);
  process.set_cwd(spec.cwd);
  for (const std::string& capability : spec.capabilities) process.add_capabilities(capability);
  process.set_apparmorprofile(spec.apparmor_profile);
  process.set_selinuxlabel(spec.selinux_label);
  process.set_nonewprivileges(spec.no_new_privileges);
  for (const ResourceLimit& limit : spec.rlimits) {
    types::Rlimit* added = process.add_rlimits();
    added->set_type(limit.type);
    added->set_soft(limit.soft);
    added->set_hard(limit.hard);
  }
  return process;
}

// A protobuf message in Go's compact text: what is 0 is left out, each field ends with a space.
std::string CompactText(const google::protobuf::Timestamp& timestamp) {
  std::string text;
  if (timestamp.seconds() != 0) text += "seconds:" + std::to_string(timestamp.seconds()) + " ";
  if (timestamp.nanos() != 0) text += "nanos:" + std::to_string(timestamp.nanos()) + " ";
  return text;
}

libcontainerd::Status Validate(const google::protobuf::Timestamp& timestamp) {
  const std::string subject = "timestamp: " + CompactText(timestamp);
  if (timestamp.seconds() < kZeroSeconds) {
    return Fail(ErrorCode::kUnknown, subject + " before 0001-01-01");
  }
  if (timestamp.seconds() >= kBeyondSeconds) {
    return Fail(ErrorCode::kUnknown, subject + " after 10000-01-01");
  }
  if (timestamp.nanos() < 0 || timestamp.nanos() >= kNanosPerSecond) {
    return Fail(ErrorCode::kUnknown, subject + ": nanos not in range [0, 1e9)");
  }
  return {};
}

// Years that WallTime cannot hold lie before or after every event anyway.
WallTime ToWallTime(const google::protobuf::Timestamp& timestamp) {
  using std::chrono::duration_cast;
  using std::chrono::seconds;
  const std::int64_t first = duration_cast<seconds>(WallTime::min().time_since_epoch()).count();
  const std::int64_t last = duration_cast<seconds>(WallTime::max().time_since_epoch()).count();
  if (timestamp.seconds() <= first) return WallTime::min();
  if (timestamp.seconds() >= last) return WallTime::max();
  return WallTime(seconds(timestamp.seconds()) + Duration(timestamp.nanos()));
}

template <class T>
std::optional<T> UnlessEmpty(const T& value) {
  return value == T() ? std::nullopt : std::optional<T>(value);
}

}  // namespace

google::protobuf::Timestamp ToTimestamp(WallTime time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(whole.time_since_epoch().count());
  timestamp.set_nanos(static_cast<std::int32_t>((time - whole).count()));
  return timestamp;
}

types::Container ToMessage(const ContainerInfo& info) {
  types::Container container;
  container.set_id(info.key.id);
  container.set_bundlepath(info.bundle);
  for (const ProcessInfo& process : info.processes) *container.add_processes() = ToProcess(process);
  container.set_status(info.status == TaskStatus::kRunning ? "running" : "stopped");
  for (const std::string& label : info.labels) container.add_labels(label);
  for (const std::uint32_t pid : info.pids) container.add_pids(pid);
  container.set_runtime(info.runtime);
  return container;
}

types::Event ToMessage(const Event& event) {
  types::Event message;
  message.set_type(std::string(EventKindName(event.kind)));
  message.set_id(event.container.id);
  message.set_status(event.status);
  message.set_pid(event.process);
  *message.mutable_timestamp() = ToTimestamp(event.time);
  return message;
}

types::StatsResponse ToMessage(const TaskStats& stats) {
  types::StatsResponse response;
  types::CgroupStats* cgroup = response.mutable_cgroup_stats();
  types::CpuStats* cpu = cgroup->mutable_cpu_stats();
  cpu->mutable_cpu_usage()->set_total_usage(stats.cpu_total);
  const std::uint64_t share = stats.cpu_total / kCpuCount;
  cpu->mutable_cpu_usage()->add_percpu_usage(stats.cpu_total - share);
  cpu->mutable_cpu_usage()->add_percpu_usage(share);
  cpu->mutable_throttling_data();
  cpu->set_system_usage(stats.system_total);
  types::MemoryStats* memory = cgroup->mutable_memory_stats();
  const auto fill = [](types::MemoryData* data, std::uint64_t usage, std::uint64_t peak,
                       std::uint64_t limit) {
    data->set_usage(usage);
    data->set_max_usage(peak);
    data->set_limit(limit);
  };
  fill(memory->mutable_usage(), stats.memory_usage, stats.memory_peak, stats.memory_limit);
  fill(memory->mutable_swap_usage(), stats.memory_usage, stats.memory_peak, stats.memory_swap_limit);
  fill(memory->mutable_kernel_usage(), kKernelMemory, kKernelMemoryPeak, kUnlimited);
  auto& details = *memory->mutable_stats();
  details["cache"] = 0;
  details["rss"] = stats.memory_usage - kKernelMemory;
  details["hierarchical_memory_limit"] = stats.memory_limit;
  details["hierarchical_memsw_limit"] = stats.memory_swap_limit;
  cgroup->mutable_blkio_stats();
  cgroup->mutable_pids_stats()->set_current(stats.pids);
  cgroup->mutable_pids_stats()->set_limit(stats.pids_limit);
  *response.mutable_timestamp() = ToTimestamp(stats.time);
  return response;
}

ProcessSpec FromMessage(const types::AddProcessRequest& request) {
  ProcessSpec spec;
  spec.terminal = request.terminal();
  spec.user.uid = request.user().uid();
  spec.user.gid = request.user().gid();
  spec.user.additional_gids = {request.user().additionalgids().begin(),
                               request.user().additionalgids().end()};
  spec.args = Strings(request.args());
  spec.env = Strings(request.env());
  spec.cwd = request.cwd();
  spec.capabilities = Strings(request.capabilities());
  spec.apparmor_profile = request.apparmorprofile();
  spec.selinux_label = request.selinuxlabel();
  spec.no_new_privileges = request.nonewprivileges();
  for (const types::Rlimit& limit : request.rlimits()) {
    spec.rlimits.push_back({limit.type(), limit.soft(), limit.hard()});
  }
  return spec;
}

Resources FromMessage(const types::UpdateResource& resource, bool late_fields) {
  Resources resources;
  resources.blkio_weight = UnlessEmpty<std::uint64_t>(resource.blkioweight());
  resources.cpu_shares = UnlessEmpty<std::uint64_t>(resource.cpushares());
  resources.cpu_period = UnlessEmpty<std::uint64_t>(resource.cpuperiod());
  resources.cpu_quota = UnlessEmpty<std::uint64_t>(resource.cpuquota());
  resources.cpuset_cpus = UnlessEmpty<std::string>(resource.cpusetcpus());
  resources.cpuset_mems = UnlessEmpty<std::string>(resource.cpusetmems());
  resources.memory_limit = UnlessEmpty<std::uint64_t>(resource.memorylimit());
  resources.memory_swap = UnlessEmpty<std::uint64_t>(resource.memoryswap());
  resources.memory_reservation = UnlessEmpty<std::uint64_t>(resource.memoryreservation());
  resources.kernel_memory_limit = UnlessEmpty<std::uint64_t>(resource.kernelmemorylimit());
  resources.kernel_tcp_memory_limit = UnlessEmpty<std::uint64_t>(resource.kerneltcpmemorylimit());
  if (late_fields) resources.pids_limit = UnlessEmpty<std::uint64_t>(resource.pidslimit());
  return resources;
}

CheckpointOptions FromMessage(const types::Checkpoint& checkpoint) {
  CheckpointOptions options;
  options.name = checkpoint.name();
  options.exit = checkpoint.exit();
  options.tcp = checkpoint.tcp();
  options.unix_sockets = checkpoint.unixsockets();
  options.shell = checkpoint.shell();
  options.empty_namespaces = Strings(checkpoint.emptyns());
  return options;
}

types::Checkpoint ToMessage(const CheckpointOptions& options) {
  types::Checkpoint checkpoint;
  checkpoint.set_name(options.name);
  checkpoint.set_tcp(options.tcp);
  checkpoint.set_unixsockets(options.unix_sockets);
  checkpoint.set_shell(options.shell);
  return checkpoint;
}

Result<EventFilter> ToFilter(const types::EventsRequest& request, const std::string& space) {
  EventFilter filter;
  filter.space = space;
  filter.id = request.id();
  filter.stored_only = request.storedonly();
  if (request.has_timestamp()) {
    const google::protobuf::Timestamp& timestamp = request.timestamp();
    if (libcontainerd::Status valid = Validate(timestamp); !valid) return Fail(valid.error());
    const bool zero = timestamp.seconds() == kZeroSeconds && timestamp.nanos() == 0;
    if (!zero) filter.after = ToWallTime(timestamp);
  }
  if (filter.stored_only && !filter.after) {
    return Fail(ErrorCode::kUnknown,
                "invalid parameter: StoredOnly cannot be specified without setting a valid Timestamp");
  }
  return filter;
}

}  // namespace fake_containerd::v0
