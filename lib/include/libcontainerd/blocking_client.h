// BlockingClient: the client for plain callers. Each call runs the Client's coroutine on the
// executor and blocks the calling thread until it ended.
//
// Threads: any but the executor's. Inside a callback of a container (BlockingBackendAdapter),
// Create, Pause, Resume and Restore of that same container return FAILED_PRECONDITION at once: they
// would wait for the callback itself. During an attach so does every call that waits for its turn,
// which is the create's or add-process's that the attach belongs to.
#pragma once

#include <exception>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include <asio/co_spawn.hpp>

#include "libcontainerd/client.h"

namespace libcontainerd {

// Runs `coroutine` on the runtime's executor and waits for its result. Not from the executor's
// thread.
template <class T>
T WaitFor(Runtime& runtime, Awaitable<T> coroutine) {
  std::promise<T> promise;
  asio::co_spawn(runtime.executor(), std::move(coroutine),
                 [&promise](std::exception_ptr failure, T value) {
                   if (failure) {
                     promise.set_exception(std::move(failure));
                   } else {
                     promise.set_value(std::move(value));
                   }
                 });
  return promise.get_future().get();
}
inline void WaitFor(Runtime& runtime, Awaitable<void> coroutine) {
  std::promise<void> promise;
  asio::co_spawn(runtime.executor(), std::move(coroutine), [&promise](std::exception_ptr failure) {
    if (failure) {
      promise.set_exception(std::move(failure));
    } else {
      promise.set_value();
    }
  });
  promise.get_future().get();
}

class BlockingClient {
 public:
  // Both outlive this object.
  BlockingClient(Runtime& runtime, Client& client) : runtime_(runtime), client_(client) {}

  void Close();
  Status Create(const std::string& id, const std::string& spec_json,
                const CreateOptions& options = {});
  Result<AddedProcess> AddProcess(const std::string& id, const std::string& name,
                                  const ProcessSpec& process, CallOptions options = {});
  Status Signal(const std::string& id, std::uint32_t signal, CallOptions options = {});
  Status SignalProcess(const std::string& id, const std::string& name, std::uint32_t signal,
                       CallOptions options = {});
  Status Resize(const std::string& id, const std::string& name, std::uint32_t width,
                std::uint32_t height, CallOptions options = {});
  Status Pause(const std::string& id, CallOptions options = {});
  Status Resume(const std::string& id, CallOptions options = {});
  Result<types::StatsResponse> Stats(const std::string& id, CallOptions options = {});
  Result<std::vector<std::uint32_t>> GetPidsForContainer(const std::string& id,
                                                         CallOptions options = {});
  Result<std::vector<std::string>> Summary(const std::string& id);
  Status UpdateResources(const std::string& id, const types::UpdateResource& resources,
                         CallOptions options = {});
  Status CreateCheckpoint(const std::string& id, const std::string& name,
                          const std::string& checkpoint_dir, bool exit, CallOptions options = {});
  Status DeleteCheckpoint(const std::string& id, const std::string& name,
                          const std::string& checkpoint_dir, CallOptions options = {});
  Result<types::ListCheckpointResponse> ListCheckpoints(const std::string& id,
                                                        const std::string& checkpoint_dir,
                                                        CallOptions options = {});
  Result<types::GetServerVersionResponse> GetServerVersion(CallOptions options = {});
  Status Restore(const std::string& id, RestoreOptions options = {});
  std::vector<TrackedContainer> Tracked();

 private:
  Runtime& runtime_;
  Client& client_;
};

}  // namespace libcontainerd
