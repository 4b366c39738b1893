#include "fake_containerd/v0/handlers.h"

#include <utility>

#include "fake_containerd/v0/error_text.h"
#include "fake_containerd/v0/messages.h"

namespace fake_containerd::v0 {

using google::protobuf::Message;
using libcontainerd::Awaitable;
using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::Method;
using libcontainerd::ResponseOf;
using libcontainerd::Result;
using libcontainerd::Status;

namespace {

ContainerKey KeyOf(const ContextPtr& context, const std::string& id) {
  return {.space = context->options.space, .id = id};
}

tl::unexpected<libcontainerd::Error> FailWith(const ContextPtr& context, const Failure& failure) {
  return Fail(ToError(failure, context->options.state_dir));
}

// The context keeps options only; the world calls this while both live.
Awaitable<Result<BundleSpec>> ReadBundleSpec(ContextPtr context, std::string bundle) {
  Awaitable<Result<std::string>> reading = context->bundles.ReadConfig(std::move(bundle));
  const Result<std::string> text = co_await std::move(reading);
  if (!text) co_return Fail(text.error());
  co_return ParseConfig(*text);
}

// For methods that answer with nothing but success.
template <class Response>
Awaitable<Result<Response>> Answered(ContextPtr context, World::Answer<void> answer) {
  const WorldStatus done = co_await std::move(answer);
  if (!done) co_return FailWith(context, done.error());
  co_return Response();
}

// Requests outlive their handlers: Typed() below holds both.
Awaitable<Result<types::GetServerVersionResponse>> Handle(ContextPtr context,
                                                          const types::GetServerVersionRequest&) {
  types::GetServerVersionResponse response;
  response.set_major(context->options.major);
  response.set_minor(context->options.minor);
  response.set_patch(context->options.patch);
  response.set_revision(context->options.revision);
  co_return response;
}

Awaitable<Result<types::CreateContainerResponse>> Handle(
    ContextPtr context, const types::CreateContainerRequest& request) {
  if (request.bundlepath().empty()) co_return Fail(ErrorCode::kUnknown, "empty bundle path");
  CreateCommand command;
  command.key = KeyOf(context, request.id());
  command.bundle = request.bundlepath();
  command.labels = {request.labels().begin(), request.labels().end()};
  command.runtime = request.runtime();
  command.io = {request.stdin(), request.stdout(), request.stderr()};
  if (!request.checkpoint().empty()) command.checkpoint = request.checkpoint();
  command.checkpoint_directory = request.checkpointdir();
  command.read_bundle = [context, bundle = request.bundlepath()] {
    return ReadBundleSpec(context, bundle);
  };
  World::Answer<ContainerInfo> answer = context->world.Create(std::move(command));
  const WorldResult<ContainerInfo> created = co_await std::move(answer);
  if (!created) co_return FailWith(context, created.error());
  types::CreateContainerResponse response;
  *response.mutable_container() = ToMessage(*created);
  co_return response;
}

Awaitable<Result<types::UpdateContainerResponse>> Handle(
    ContextPtr context, const types::UpdateContainerRequest& request) {
  using Response = types::UpdateContainerResponse;
  const ContainerKey key = KeyOf(context, request.id());
  World& world = context->world;
  if (request.status() == "paused") {
    co_return co_await Answered<Response>(context, world.Pause(key));
  }
  if (request.status() == "running") {
    co_return co_await Answered<Response>(context, world.Resume(key));
  }
  if (request.status().empty() && request.has_resources()) {
    Resources resources = FromMessage(request.resources(), context->options.late_fields);
    co_return co_await Answered<Response>(context, world.SetResources(key, std::move(resources)));
  }
  Result<Response> found = co_await Answered<Response>(context, world.Find(key));
  if (found && !request.status().empty()) {
    // The real text ends before the status that it means to name.
    co_return Fail(ErrorCode::kUnknown, "containerd: unknown container status ");
  }
  co_return found;
}

Awaitable<Result<types::SignalResponse>> Handle(ContextPtr context,
                                                const types::SignalRequest& request) {
  World::Answer<void> answer =
      context->world.Signal(KeyOf(context, request.id()), request.pid(), request.signal());
  co_return co_await Answered<types::SignalResponse>(context, std::move(answer));
}

Awaitable<Result<types::UpdateProcessResponse>> Handle(ContextPtr context,
                                                       const types::UpdateProcessRequest& request) {
  ProcessUpdate update;
  update.close_stdin = request.closestdin();
  update.width = request.width();
  update.height = request.height();
  World::Answer<void> answer =
      context->world.UpdateProcess(KeyOf(context, request.id()), request.pid(), update);
  co_return co_await Answered<types::UpdateProcessResponse>(context, std::move(answer));
}

Awaitable<Result<types::AddProcessResponse>> Handle(ContextPtr context,
                                                    const types::AddProcessRequest& request) {
  if (request.id().empty()) co_return Fail(ErrorCode::kUnknown, "container id cannot be empty");
  if (request.pid().empty()) co_return Fail(ErrorCode::kUnknown, "process id cannot be empty");
  const ContainerKey key = KeyOf(context, request.id());
  const std::optional<ContainerInfo> container = context->world.Inspect(key);
  if (container && !request.has_user()) {
    co_return Fail(ErrorCode::kInvalidArgument, "AddProcessRequest.user: missing, expected a user");
  }
  AddProcessCommand command;
  command.key = key;
  command.name = request.pid();
  command.spec = FromMessage(request);
  command.io = {request.stdin(), request.stdout(), request.stderr()};
  if (container) {
    command.read_bundle = [context, bundle = container->bundle] {
      return ReadBundleSpec(context, bundle);
    };
  }
  World::Answer<std::uint32_t> answer = context->world.AddProcess(std::move(command));
  const WorldResult<std::uint32_t> added = co_await std::move(answer);
  if (!added) co_return FailWith(context, added.error());
  types::AddProcessResponse response;
  if (context->options.late_fields) response.set_systempid(*added);
  co_return response;
}

Awaitable<Result<types::CreateCheckpointResponse>> Handle(
    ContextPtr context, const types::CreateCheckpointRequest& request) {
  const ContainerKey key = KeyOf(context, request.id());
  if (context->world.Inspect(key) && !request.has_checkpoint()) {
    co_return Fail(ErrorCode::kInvalidArgument,
                   "CreateCheckpointRequest.checkpoint: missing, expected a checkpoint");
  }
  World::Answer<void> answer = context->world.CreateCheckpoint(key, request.checkpointdir(),
                                                               FromMessage(request.checkpoint()));
  co_return co_await Answered<types::CreateCheckpointResponse>(context, std::move(answer));
}

Awaitable<Result<types::DeleteCheckpointResponse>> Handle(
    ContextPtr context, const types::DeleteCheckpointRequest& request) {
  if (request.name().empty()) {
    co_return Fail(ErrorCode::kUnknown, "checkpoint name cannot be empty");
  }
  World::Answer<void> answer = context->world.DeleteCheckpoint(
      KeyOf(context, request.id()), request.checkpointdir(), request.name());
  co_return co_await Answered<types::DeleteCheckpointResponse>(context, std::move(answer));
}

Awaitable<Result<types::ListCheckpointResponse>> Handle(
    ContextPtr context, const types::ListCheckpointRequest& request) {
  World::Answer<std::vector<CheckpointOptions>> answer =
      context->world.ListCheckpoints(KeyOf(context, request.id()), request.checkpointdir());
  const WorldResult<std::vector<CheckpointOptions>> found = co_await std::move(answer);
  if (!found) {
    // The one method with words of its own for an unknown container.
    if (found.error().kind == FailureKind::kContainerNotFound) {
      co_return Fail(ErrorCode::kNotFound, "no such containers");
    }
    co_return FailWith(context, found.error());
  }
  types::ListCheckpointResponse response;
  for (const CheckpointOptions& options : *found) *response.add_checkpoints() = ToMessage(options);
  co_return response;
}

Awaitable<Result<types::StateResponse>> Handle(ContextPtr context,
                                               const types::StateRequest& request) {
  World::Answer<std::vector<ContainerInfo>> answer =
      context->world.List(KeyOf(context, request.id()));
  const WorldResult<std::vector<ContainerInfo>> infos = co_await std::move(answer);
  if (!infos) co_return FailWith(context, infos.error());
  types::StateResponse response;
  for (const ContainerInfo& info : *infos) *response.add_containers() = ToMessage(info);
  response.mutable_machine()->set_cpus(context->options.cpus);
  response.mutable_machine()->set_memory(context->options.memory_mib);
  co_return response;
}

Awaitable<Result<types::StatsResponse>> Handle(ContextPtr context,
                                               const types::StatsRequest& request) {
  World::Answer<TaskStats> answer = context->world.Stats(KeyOf(context, request.id()));
  const WorldResult<TaskStats> stats = co_await std::move(answer);
  if (!stats) co_return FailWith(context, stats.error());
  co_return ToMessage(*stats);
}

template <class Request>
Awaitable<Status> Typed(ContextPtr context, std::shared_ptr<const Message> request,
                        std::shared_ptr<Message> response) {
  Awaitable<Result<ResponseOf<Request>>> handling =
      Handle(std::move(context), static_cast<const Request&>(*request));
  Result<ResponseOf<Request>> result = co_await std::move(handling);
  if (!result) co_return Fail(std::move(result).error());
  static_cast<ResponseOf<Request>&>(*response) = std::move(*result);
  co_return Status();
}

using TypedHandler = Awaitable<Status> (*)(ContextPtr, std::shared_ptr<const Message>,
                                           std::shared_ptr<Message>);

TypedHandler HandlerOf(Method method) {
  switch (method) {
    case Method::kGetServerVersion:
      return Typed<types::GetServerVersionRequest>;
    case Method::kCreateContainer:
      return Typed<types::CreateContainerRequest>;
    case Method::kUpdateContainer:
      return Typed<types::UpdateContainerRequest>;
    case Method::kSignal:
      return Typed<types::SignalRequest>;
    case Method::kUpdateProcess:
      return Typed<types::UpdateProcessRequest>;
    case Method::kAddProcess:
      return Typed<types::AddProcessRequest>;
    case Method::kCreateCheckpoint:
      return Typed<types::CreateCheckpointRequest>;
    case Method::kDeleteCheckpoint:
      return Typed<types::DeleteCheckpointRequest>;
    case Method::kListCheckpoint:
      return Typed<types::ListCheckpointRequest>;
    case Method::kState:
      return Typed<types::StateRequest>;
    case Method::kStats:
      return Typed<types::StatsRequest>;
  }
  return nullptr;
}

}  // namespace

Awaitable<Status> Serve(ContextPtr context, Method method, std::shared_ptr<const Message> request,
                        std::shared_ptr<Message> response) {
  if (!context->alive || !context->world.daemon_running()) {
    co_return Fail(ErrorCode::kUnavailable, "connection refused");
  }
  const TypedHandler handler = HandlerOf(method);
  if (handler == nullptr) co_return Fail(ErrorCode::kUnimplemented, "unknown method");
  Awaitable<Status> handling = handler(context, std::move(request), std::move(response));
  co_return co_await std::move(handling);
}

}  // namespace fake_containerd::v0
