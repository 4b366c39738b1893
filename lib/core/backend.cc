#include "libcontainerd/backend.h"

#include <array>
#include <memory>
#include <utility>

namespace libcontainerd {
namespace {

constexpr std::array<std::string_view, 7> kStateNames = {
    "start-container", "pause", "resume", "exit", "restore", "exit-process", "oom"};

thread_local const std::string* running_callback = nullptr;

class RunningCallback {
 public:
  explicit RunningCallback(const std::string& id) : previous_(running_callback) {
    running_callback = &id;
  }
  ~RunningCallback() { running_callback = previous_; }
  RunningCallback(const RunningCallback&) = delete;
  RunningCallback& operator=(const RunningCallback&) = delete;

 private:
  const std::string* previous_;
};

}  // namespace

std::string_view ContainerStateName(ContainerState state) {
  return kStateNames.at(static_cast<std::size_t>(state));
}

std::string_view ContainerOfRunningCallback() {
  return running_callback == nullptr ? std::string_view() : *running_callback;
}

void BlockingBackendAdapter::StateChanged(const std::string& id, const StateInfo& info, Done done) {
  runtime_.RunBlocking([this, id, info, done = std::move(done)]() mutable {
    Status status;
    {
      const RunningCallback mark(id);
      status = backend_.StateChanged(id, info);
    }
    done(std::move(status));
  });
}

void BlockingBackendAdapter::AttachStreams(const std::string& id, const std::string& process,
                                           IoPipe pipe, Done done) {
  runtime_.RunBlocking(
      [this, id, process, pipe = std::move(pipe), done = std::move(done)]() mutable {
        done(backend_.AttachStreams(id, process, std::move(pipe)));
      });
}

}  // namespace libcontainerd
