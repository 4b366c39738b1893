#include "scenarios/replay/planned_call.h"

#include <utility>

#include "scenarios/journaling.h"

namespace scenarios {

using libcontainerd::Awaitable;
using libcontainerd::Status;

namespace {

template <class T>
Awaitable<Status> DropValue(Awaitable<libcontainerd::Result<T>> call) {
  auto result = co_await std::move(call);
  if (!result) co_return libcontainerd::Fail(result.error());
  co_return Status();
}

libcontainerd::ProcessSpec ProcessSpecOf(const types::AddProcessRequest& request) {
  libcontainerd::ProcessSpec spec;
  spec.terminal = request.terminal();
  spec.args.assign(request.args().begin(), request.args().end());
  spec.env.emplace(request.env().begin(), request.env().end());
  spec.cwd = request.cwd();
  spec.user = request.user();
  spec.capabilities.emplace(request.capabilities().begin(), request.capabilities().end());
  return spec;
}

Awaitable<Status> Start(libcontainerd::Client& client, const PlannedCall& call) {
  switch (call.kind) {
    case CallKind::kCreate: {
      libcontainerd::CreateOptions options;
      options.runtime = call.runtime;
      options.runtime_args = call.runtime_args;
      options.checkpoint = call.checkpoint;
      options.checkpoint_dir = call.checkpoint_dir;
      return client.Create(call.id, call.spec_json, std::move(options));
    }
    case CallKind::kAddProcess:
      return DropValue(client.AddProcess(call.id, call.process, ProcessSpecOf(call.process_spec)));
    case CallKind::kSignal:
      return client.Signal(call.id, call.signal);
    case CallKind::kSignalProcess:
      return client.SignalProcess(call.id, call.process, call.signal);
    case CallKind::kResize:
      return client.Resize(call.id, call.process, call.width, call.height);
    case CallKind::kPause:
      return client.Pause(call.id);
    case CallKind::kResume:
      return client.Resume(call.id);
    case CallKind::kStats:
      return DropValue(client.Stats(call.id));
    case CallKind::kPids:
      return DropValue(client.GetPidsForContainer(call.id));
    case CallKind::kSummary:
      return DropValue(client.Summary(call.id));
    case CallKind::kUpdate:
      return client.UpdateResources(call.id, call.resources);
    case CallKind::kCreateCheckpoint:
      return client.CreateCheckpoint(call.id, call.checkpoint, call.checkpoint_dir, call.exit);
    case CallKind::kListCheckpoints:
      return DropValue(client.ListCheckpoints(call.id, call.checkpoint_dir));
    case CallKind::kDeleteCheckpoint:
      return client.DeleteCheckpoint(call.id, call.checkpoint, call.checkpoint_dir);
    case CallKind::kRestore:
      break;
  }
  libcontainerd::RestoreOptions options;
  options.live = call.live;
  return client.Restore(call.id, options);
}

// The journal's words for operations (docs/journal.md).
std::string OperationName(CallKind kind) {
  switch (kind) {
    case CallKind::kAddProcess:
      return "add-process";
    case CallKind::kSignalProcess:
      return "signal-process";
    case CallKind::kCreateCheckpoint:
      return "create-checkpoint";
    case CallKind::kListCheckpoints:
      return "list-checkpoints";
    case CallKind::kDeleteCheckpoint:
      return "delete-checkpoint";
    default:
      return std::string(CallKindName(kind));
  }
}

}  // namespace

Awaitable<Status> RunPlannedCall(libcontainerd::Client& client, Recorder& recorder,
                                 const PlannedCall& call) {
  return JournaledCall(recorder, OperationName(call.kind), call.id, call.process,
                       Start(client, call), CallFacts{.live = call.live});
}

}  // namespace scenarios
