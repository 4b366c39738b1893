#include "libcontainerd/blocking_client.h"

namespace libcontainerd {
namespace {

tl::unexpected<Error> WouldWait(const std::string& id, const char* operation) {
  return Fail(ErrorCode::kFailedPrecondition,
              std::string(operation) + " of container " + id +
                  " would wait for the callback that it is called from");
}

// For operations that wait for their turn: an error when called from an attach of that container.
Status NotFromOwnAttach(const std::string& id, const char* operation) {
  if (ContainerOfRunningAttach() == id) return WouldWait(id, operation);
  return {};
}

// For operations that end with a callback: an error when called from any of that container's.
Status NotFromOwnCallback(const std::string& id, const char* operation) {
  if (ContainerOfRunningCallback() == id) return WouldWait(id, operation);
  return NotFromOwnAttach(id, operation);
}

Awaitable<std::vector<TrackedContainer>> TrackedOnExecutor(Client& client) {
  co_return client.Tracked();
}

}  // namespace

void BlockingClient::Close() {
  WaitFor(runtime_, client_.Close());
}

Status BlockingClient::Create(const std::string& id, const std::string& spec_json,
                              const CreateOptions& options) {
  if (Status allowed = NotFromOwnCallback(id, "Create"); !allowed) return allowed;
  return WaitFor(runtime_, client_.Create(id, spec_json, options));
}

Result<AddedProcess> BlockingClient::AddProcess(const std::string& id, const std::string& name,
                                                const ProcessSpec& process, CallOptions options) {
  if (Status allowed = NotFromOwnAttach(id, "AddProcess"); !allowed) return Fail(allowed.error());
  return WaitFor(runtime_, client_.AddProcess(id, name, process, options));
}

Status BlockingClient::Signal(const std::string& id, std::uint32_t signal, CallOptions options) {
  return WaitFor(runtime_, client_.Signal(id, signal, options));
}

Status BlockingClient::SignalProcess(const std::string& id, const std::string& name,
                                     std::uint32_t signal, CallOptions options) {
  return WaitFor(runtime_, client_.SignalProcess(id, name, signal, options));
}

Status BlockingClient::Resize(const std::string& id, const std::string& name, std::uint32_t width,
                              std::uint32_t height, CallOptions options) {
  if (Status allowed = NotFromOwnAttach(id, "Resize"); !allowed) return allowed;
  return WaitFor(runtime_, client_.Resize(id, name, width, height, options));
}

Status BlockingClient::Pause(const std::string& id, CallOptions options) {
  if (Status allowed = NotFromOwnCallback(id, "Pause"); !allowed) return allowed;
  return WaitFor(runtime_, client_.Pause(id, options));
}

Status BlockingClient::Resume(const std::string& id, CallOptions options) {
  if (Status allowed = NotFromOwnCallback(id, "Resume"); !allowed) return allowed;
  return WaitFor(runtime_, client_.Resume(id, options));
}

Result<types::StatsResponse> BlockingClient::Stats(const std::string& id, CallOptions options) {
  return WaitFor(runtime_, client_.Stats(id, options));
}

Result<std::vector<std::uint32_t>> BlockingClient::GetPidsForContainer(const std::string& id,
                                                                       CallOptions options) {
  return WaitFor(runtime_, client_.GetPidsForContainer(id, options));
}

Result<std::vector<std::string>> BlockingClient::Summary(const std::string& id) {
  return WaitFor(runtime_, client_.Summary(id));
}

Status BlockingClient::UpdateResources(const std::string& id,
                                       const types::UpdateResource& resources,
                                       CallOptions options) {
  if (Status allowed = NotFromOwnAttach(id, "UpdateResources"); !allowed) return allowed;
  return WaitFor(runtime_, client_.UpdateResources(id, resources, options));
}

Status BlockingClient::CreateCheckpoint(const std::string& id, const std::string& name,
                                        const std::string& checkpoint_dir, bool exit,
                                        CallOptions options) {
  if (Status allowed = NotFromOwnAttach(id, "CreateCheckpoint"); !allowed) return allowed;
  return WaitFor(runtime_, client_.CreateCheckpoint(id, name, checkpoint_dir, exit, options));
}

Status BlockingClient::DeleteCheckpoint(const std::string& id, const std::string& name,
                                        const std::string& checkpoint_dir, CallOptions options) {
  if (Status allowed = NotFromOwnAttach(id, "DeleteCheckpoint"); !allowed) return allowed;
  return WaitFor(runtime_, client_.DeleteCheckpoint(id, name, checkpoint_dir, options));
}

Result<types::ListCheckpointResponse> BlockingClient::ListCheckpoints(
    const std::string& id, const std::string& checkpoint_dir, CallOptions options) {
  if (Status allowed = NotFromOwnAttach(id, "ListCheckpoints"); !allowed)
    return Fail(allowed.error());
  return WaitFor(runtime_, client_.ListCheckpoints(id, checkpoint_dir, options));
}

Result<types::GetServerVersionResponse> BlockingClient::GetServerVersion(CallOptions options) {
  return WaitFor(runtime_, client_.GetServerVersion(options));
}

Status BlockingClient::Restore(const std::string& id, RestoreOptions options) {
  if (Status allowed = NotFromOwnCallback(id, "Restore"); !allowed) return allowed;
  return WaitFor(runtime_, client_.Restore(id, options));
}

std::vector<TrackedContainer> BlockingClient::Tracked() {
  return WaitFor(runtime_, TrackedOnExecutor(client_));
}

}  // namespace libcontainerd
