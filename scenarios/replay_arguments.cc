// The calls' arguments, from their requests and from what the daemon said of the processes.
#include <nlohmann/json.hpp>

#include "scenarios/replay_inference.h"

namespace scenarios {
namespace {

using nlohmann::json;

template <class List>
json ToArray(const List& list) {
  json array = json::array();
  for (const auto& element : list) array.push_back(element);
  return array;
}

json SpecProcess(const types::Process& process) {
  json rlimits = json::array();
  for (const types::Rlimit& limit : process.rlimits()) {
    rlimits.push_back({{"type", limit.type()}, {"soft", limit.soft()}, {"hard", limit.hard()}});
  }
  json user = {{"uid", process.user().uid()}, {"gid", process.user().gid()}};
  if (process.user().additionalgids_size() > 0) {
    user["additionalGids"] = ToArray(process.user().additionalgids());
  }
  json result = {{"terminal", process.terminal()},
                 {"user", std::move(user)},
                 {"args", ToArray(process.args())},
                 {"env", ToArray(process.env())},
                 {"cwd", process.cwd().empty() ? "/" : process.cwd()},
                 {"capabilities", ToArray(process.capabilities())},
                 {"rlimits", std::move(rlimits)},
                 {"noNewPrivileges", process.nonewprivileges()}};
  if (!process.apparmorprofile().empty()) result["apparmorProfile"] = process.apparmorprofile();
  if (!process.selinuxlabel().empty()) result["selinuxLabel"] = process.selinuxlabel();
  return result;
}

std::string SpecJson(const types::Process& process) {
  return json{{"ociVersion", "1.0.0-rc1"},
              {"process", SpecProcess(process)},
              {"root", {{"path", "rootfs"}, {"readonly", false}}},
              {"linux", json::object()}}
      .dump();
}

types::Process MinimalProcess() {
  types::Process process;
  process.add_args("/bin/true");
  process.set_cwd("/");
  return process;
}

const types::Process* FindInit(const types::Container& container) {
  for (const types::Process& process : container.processes()) {
    if (process.pid() == "init") return &process;
  }
  return nullptr;
}

void InferCreate(const Recording& recording, PlannedCall& call) {
  types::Process init = MinimalProcess();
  if (call.rpc) {
    const RecordedRpc& rpc = recording.rpcs[*call.rpc];
    const auto& request = rpc.Request<types::CreateContainerRequest>();
    call.runtime = request.runtime();
    call.runtime_args.assign(request.runtimeargs().begin(), request.runtimeargs().end());
    call.checkpoint = request.checkpoint();
    call.checkpoint_dir = request.checkpointdir();
    if (Succeeded(rpc)) {
      const auto& response = rpc.Response<types::CreateContainerResponse>();
      if (const types::Process* found = FindInit(response.container())) init = *found;
    }
  }
  call.terminal = init.terminal();
  call.spec_json = SpecJson(init);
}

void InferAddProcess(const Recording& recording, PlannedCall& call) {
  if (call.rpc) {
    call.process_spec = recording.rpcs[*call.rpc].Request<types::AddProcessRequest>();
  } else {
    call.process_spec.add_args("/bin/true");
    call.process_spec.set_cwd("/");
  }
  call.terminal = call.process_spec.terminal();
}

void InferFromRequest(const RecordedRpc& rpc, PlannedCall& call) {
  if (rpc.method == "Signal") {
    call.signal = rpc.Request<types::SignalRequest>().signal();
  } else if (rpc.method == "UpdateProcess") {
    const auto& request = rpc.Request<types::UpdateProcessRequest>();
    call.width = request.width();
    call.height = request.height();
  } else if (rpc.method == "UpdateContainer") {
    call.resources = rpc.Request<types::UpdateContainerRequest>().resources();
  } else if (rpc.method == "CreateCheckpoint") {
    const auto& request = rpc.Request<types::CreateCheckpointRequest>();
    call.checkpoint = request.checkpoint().name();
    call.exit = request.checkpoint().exit();
    call.checkpoint_dir = request.checkpointdir();
  } else if (rpc.method == "ListCheckpoint") {
    call.checkpoint_dir = rpc.Request<types::ListCheckpointRequest>().checkpointdir();
  } else if (rpc.method == "DeleteCheckpoint") {
    const auto& request = rpc.Request<types::DeleteCheckpointRequest>();
    call.checkpoint = request.name();
    call.checkpoint_dir = request.checkpointdir();
  }
}

}  // namespace

void InferArguments(Inference& work) {
  for (PlannedCall& call : work.plan.calls) {
    const bool none_needed = call.kind == CallKind::kPause || call.kind == CallKind::kResume ||
                             call.kind == CallKind::kStats || call.kind == CallKind::kPids ||
                             call.kind == CallKind::kSummary;
    call.arguments_known = call.rpc.has_value() || none_needed;
    if (call.kind == CallKind::kCreate) {
      InferCreate(work.recording, call);
    } else if (call.kind == CallKind::kAddProcess) {
      InferAddProcess(work.recording, call);
    } else if (call.rpc) {
      InferFromRequest(work.recording.rpcs[*call.rpc], call);
    }
  }
}

}  // namespace scenarios
