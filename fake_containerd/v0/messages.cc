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

std::vector<std::string> Strings(const google::protobuf::RepeatedPtrField<std::string>& field) {
  return {field.begin(), field.end()};
}

types::Process ToProcess(const ProcessInfo& info) {
  types::Process process;
  process.set_pid(info.name);
  process.set_systempid(info.system_pid);
  process.set_stdin(info.io->in);
  process.set_stdout(info.io->out);
  process.set_stderr(info.io->err);
  const ProcessSpec& spec = info.spec;
  process.set_terminal(spec.terminal);
  types::User* user = process.mutable_user();
  user->set_uid(spec.user.uid);
  user->set_gid(spec.user.gid);
  for (const std::uint32_t gid : spec.user.additional_gids) user->add_additionalgids(gid);
  for (const std::string& arg : spec.args) process.add_args(arg);
  for (const std::string& variable : spec.env) process.add_env(variable);
  process.set_cwd(spec.cwd);
  const Privileges& privileges = spec.privileges.get();
  for (const std::string& capability : privileges.capabilities) {
    process.add_capabilities(capability);
  }
  process.set_apparmorprofile(privileges.apparmor_profile);
  process.set_selinuxlabel(privileges.selinux_label);
  process.set_nonewprivileges(privileges.no_new_privileges);
  for (const ResourceLimit& limit : privileges.rlimits) {
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

void Fill(const NetworkUsage& network, types::NetworkStats& message) {
  message.set_name(network.name);
  message.set_rx_bytes(network.rx_bytes);
  message.set_rx_packets(network.rx_packets);
  message.set_rx_errors(network.rx_errors);
  message.set_rx_dropped(network.rx_dropped);
  message.set_tx_bytes(network.tx_bytes);
  message.set_tx_packets(network.tx_packets);
  message.set_tx_errors(network.tx_errors);
  message.set_tx_dropped(network.tx_dropped);
}

void Fill(const CpuUsage& cpu, types::CpuStats& message) {
  types::CpuUsage* usage = message.mutable_cpu_usage();
  usage->set_total_usage(cpu.total);
  for (const std::uint64_t one : cpu.per_cpu) usage->add_percpu_usage(one);
  usage->set_usage_in_kernelmode(cpu.in_kernel);
  usage->set_usage_in_usermode(cpu.in_user);
  message.mutable_throttling_data()->set_periods(cpu.periods);
  message.mutable_throttling_data()->set_throttled_periods(cpu.throttled_periods);
  message.mutable_throttling_data()->set_throttled_time(cpu.throttled_time);
  message.set_system_usage(cpu.system_total);
}

// For MemoryData and HugetlbStats, whose fields have the same names.
template <class Message>
void Fill(const MemoryUsage& usage, Message& message) {
  message.set_usage(usage.usage);
  message.set_max_usage(usage.peak);
  message.set_failcnt(usage.failures);
  message.set_limit(usage.limit);
}

void Fill(const BlkioUsage& blkio, types::BlkioStats& message) {
  const auto fill = [](const std::vector<BlkioEntry>& entries, auto* list) {
    for (const BlkioEntry& entry : entries) {
      types::BlkioStatsEntry* added = list->Add();
      added->set_major(entry.major);
      added->set_minor(entry.minor);
      added->set_op(entry.op);
      added->set_value(entry.value);
    }
  };
  fill(blkio.service_bytes, message.mutable_io_service_bytes_recursive());
  fill(blkio.serviced, message.mutable_io_serviced_recursive());
  fill(blkio.queued, message.mutable_io_queued_recursive());
  fill(blkio.service_time, message.mutable_io_service_time_recursive());
  fill(blkio.wait_time, message.mutable_io_wait_time_recursive());
  fill(blkio.merged, message.mutable_io_merged_recursive());
  fill(blkio.time, message.mutable_io_time_recursive());
  fill(blkio.sectors, message.mutable_sectors_recursive());
}

template <class T>
std::optional<T> UnlessEmpty(const T& value) {
  return value == T() ? std::nullopt : std::optional<T>(value);
}

}  // namespace

std::string TextField(const google::protobuf::Message& message, const std::string& name) {
  using google::protobuf::FieldDescriptor;
  const FieldDescriptor* const field = message.GetDescriptor()->FindFieldByName(name);
  if (field == nullptr || field->type() != FieldDescriptor::TYPE_STRING) return {};
  return message.GetReflection()->GetString(message, field);
}

void FillTimestamp(WallTime time, google::protobuf::Timestamp& timestamp) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  timestamp.set_seconds(whole.time_since_epoch().count());
  timestamp.set_nanos(static_cast<std::int32_t>((time - whole).count()));
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

void FillMessage(const Event& event, types::Event& message) {
  const std::string_view type = EventKindName(event.kind);
  message.mutable_type()->assign(type);
  message.set_id(event.container.id);
  message.set_status(event.status);
  message.set_pid(event.process);
  FillTimestamp(event.time, *message.mutable_timestamp());
}

types::Event ToMessage(const Event& event) {
  types::Event message;
  FillMessage(event, message);
  return message;
}

types::StatsResponse ToMessage(const TaskStats& stats) {
  types::StatsResponse response;
  for (const NetworkUsage& network : stats.networks) Fill(network, *response.add_network_stats());
  types::CgroupStats* cgroup = response.mutable_cgroup_stats();
  Fill(stats.cpu, *cgroup->mutable_cpu_stats());
  types::MemoryStats* memory = cgroup->mutable_memory_stats();
  memory->set_cache(stats.cache);
  Fill(stats.memory, *memory->mutable_usage());
  Fill(stats.swap, *memory->mutable_swap_usage());
  Fill(stats.kernel, *memory->mutable_kernel_usage());
  for (const auto& [name, value] : stats.memory_details) (*memory->mutable_stats())[name] = value;
  Fill(stats.blkio, *cgroup->mutable_blkio_stats());
  for (const auto& [size, usage] : stats.hugetlb) {
    Fill(usage, (*cgroup->mutable_hugetlb_stats())[size]);
  }
  cgroup->mutable_pids_stats()->set_current(stats.pids);
  cgroup->mutable_pids_stats()->set_limit(stats.pids_limit);
  FillTimestamp(stats.time, *response.mutable_timestamp());
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
  Privileges& privileges = spec.privileges.Make();
  privileges.capabilities = Strings(request.capabilities());
  privileges.apparmor_profile = request.apparmorprofile();
  privileges.selinux_label = request.selinuxlabel();
  privileges.no_new_privileges = request.nonewprivileges();
  for (const types::Rlimit& limit : request.rlimits()) {
    privileges.rlimits.push_back({limit.type(), limit.soft(), limit.hard()});
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
    return Fail(
        ErrorCode::kUnknown,
        "invalid parameter: StoredOnly cannot be specified without setting a valid Timestamp");
  }
  return filter;
}

}  // namespace fake_containerd::v0
