#include "libcontainerd/backend.h"

#include <array>
#include <memory>
#include <utility>

namespace libcontainerd {
namespace {

constexpr std::array<std::string_view, 7> kStateNames = {
    "start-container", "pause", "resume", "exit", "restore", "exit-process", "oom"};

thread_local const std::string* running_callback = nullptr;
thread_local const std::string* running_attach = nullptr;

// Says for a scope whose callback runs on this thread.
class Mark {
 public:
  Mark(const std::string*& place, const std::string& id) : place_(place), previous_(place) {
    place_ = &id;
  }
  ~Mark() { place_ = previous_; }
  Mark(const Mark&) = delete;
  Mark& operator=(const Mark&) = delete;

 private:
  const std::string*& place_;
  const std::string* previous_;
};

}  // namespace

std::string_view ContainerStateName(ContainerState state) {
  return kStateNames.at(static_cast<std::size_t>(state));
}

std::string_view ContainerOfRunningCallback() {
  return running_callback == nullptr ? std::string_view() : *running_callback;
}

std::string_view ContainerOfRunningAttach() {
  return running_attach == nullptr ? std::string_view() : *running_attach;
}

void BlockingBackendAdapter::StateChanged(const std::string& id, const StateInfo& info, Done done) {
  runtime_.RunBlocking([this, id, info, done = std::move(done)]() mutable {
    Status status;
    {
      const Mark mark(running_callback, id);
      status = backend_.StateChanged(id, info);
    }
    done(std::move(status));
  });
}

void BlockingBackendAdapter::AttachStreams(const std::string& id, const std::string& process,
                                           IoPipe pipe, Done done) {
  runtime_.RunBlocking(
      [this, id, process, pipe = std::move(pipe), done = std::move(done)]() mutable {
        Status status;
        {
          const Mark mark(running_attach, id);
          status = backend_.AttachStreams(id, process, std::move(pipe));
        }
        done(std::move(status));
      });
}

}  // namespace libcontainerd
