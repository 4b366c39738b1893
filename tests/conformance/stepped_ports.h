// Steps: whatever an operation does through a port is a step with a name, and any one of them can
// be made to fail, to hang, or to lose its answer. A test that breaks each in turn need not know
// what the steps are.
//
//   "CreateContainer"          a request, by its method
//   "Events"                   a read of the stored log about one container; other streams are none
//   "bundle create", "bundle find", "bundle read", "bundle remove", "rootfs release"
//   "fifos open", "fifos remove"
//   "attach init", "callback start-container"
//   "… #2"                     the second of that name
//
// Threads: the executor's, the switches too.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libcontainerd/backend.h"
#include "libcontainerd/bundle_store.h"
#include "libcontainerd/containerd_api.h"
#include "libcontainerd/stdio.h"

namespace drydock_tests {

class Steps {
 public:
  enum class Fault {
    kFail,         // INTERNAL "STEP failed", and nothing was done
    kUnreachable,  // a request: UNAVAILABLE "nobody listens", and nothing was done
    kLose,         // a request: it was done; UNAVAILABLE "the answer was lost"
    kHang,         // nothing is done before Heal()
    kWithhold,     // it is done; nobody hears of that before Heal()
  };

  explicit Steps(libcontainerd::Runtime& runtime) : runtime_(runtime) {}

  // Notes steps from here on.
  void Watch();
  const std::vector<std::string>& taken() const { return taken_; }
  // Watch(), and that step breaks.
  void Break(std::string step, Fault fault);
  bool broke() const { return broke_; }
  bool hangs() const { return !hanging_.empty() || !held_.empty(); }
  // No step breaks any more, and what hangs goes on.
  void Heal();

  // --- For the decorators.
  std::optional<Fault> Take(const std::string& kind);
  // True when healed, false when `patience` passed first.
  libcontainerd::Awaitable<bool> Hang(libcontainerd::Duration patience);
  static constexpr libcontainerd::Duration kForEver = std::chrono::hours(24 * 365);
  void AtHeal(libcontainerd::Task task) { held_.push_back(std::move(task)); }
  libcontainerd::Error FailureOf(const std::string& kind) const;
  asio::any_io_executor executor() const { return runtime_.executor(); }
  // A piece of disk work.
  template <class T>
  static libcontainerd::Awaitable<libcontainerd::Result<T>> Work(
      Steps* steps, std::string kind, libcontainerd::Awaitable<libcontainerd::Result<T>> work) {
    const std::optional<Fault> fault = steps->Take(kind);
    if (fault == Fault::kFail) co_return libcontainerd::Fail(steps->FailureOf(kind));
    if (fault == Fault::kHang) static_cast<void>(co_await steps->Hang(kForEver));
    libcontainerd::Result<T> result = co_await std::move(work);
    if (fault == Fault::kWithhold) static_cast<void>(co_await steps->Hang(kForEver));
    co_return result;
  }

 private:
  libcontainerd::Runtime& runtime_;
  std::vector<std::string> taken_;
  std::string broken_;
  Fault fault_ = Fault::kFail;
  bool broke_ = false;
  std::vector<std::shared_ptr<libcontainerd::OneShot<bool>>> hanging_;
  std::vector<libcontainerd::Task> held_;
};

class SteppedApi final : public libcontainerd::ContainerdApi {
 public:
  SteppedApi(Steps& steps, libcontainerd::ContainerdApi& api) : steps_(steps), api_(api) {}
  libcontainerd::Awaitable<libcontainerd::Status> Unary(libcontainerd::Method method,
                                                        const google::protobuf::Message& request,
                                                        google::protobuf::Message& response,
                                                        libcontainerd::Duration timeout) override;
  std::unique_ptr<libcontainerd::EventStream> Events(types::EventsRequest request,
                                                     libcontainerd::EventSink& sink) override;
  libcontainerd::Awaitable<libcontainerd::Status> CheckHealth(
      libcontainerd::Duration timeout) override {
    return api_.CheckHealth(timeout);
  }

 private:
  class Stream;

  Steps& steps_;
  libcontainerd::ContainerdApi& api_;
};

class SteppedBundles final : public libcontainerd::BundleStore {
 public:
  SteppedBundles(Steps& steps, libcontainerd::BundleStore& bundles)
      : steps_(steps), bundles_(bundles) {}
  std::string PathOf(const std::string& id) const override { return bundles_.PathOf(id); }
  libcontainerd::Awaitable<std::string> Find(std::string id) override {
    return FindIn(&steps_, bundles_.Find(std::move(id)));
  }
  libcontainerd::Awaitable<libcontainerd::Status> Create(std::string id, std::string config_json,
                                                         libcontainerd::FileOwner root) override {
    return Steps::Work<void>(&steps_, "bundle create",
                             bundles_.Create(std::move(id), std::move(config_json), root));
  }
  libcontainerd::Awaitable<libcontainerd::Result<std::string>> ReadConfig(std::string id) override {
    return Steps::Work<std::string>(&steps_, "bundle read", bundles_.ReadConfig(std::move(id)));
  }
  libcontainerd::Awaitable<libcontainerd::Status> Remove(std::string id) override {
    return Steps::Work<void>(&steps_, "bundle remove", bundles_.Remove(std::move(id)));
  }
  libcontainerd::Awaitable<libcontainerd::Status> ReleaseRootfs(std::string id) override {
    return Steps::Work<void>(&steps_, "rootfs release", bundles_.ReleaseRootfs(std::move(id)));
  }

 private:
  // It has no error to fail with.
  static libcontainerd::Awaitable<std::string> FindIn(Steps* steps,
                                                      libcontainerd::Awaitable<std::string> work) {
    const std::optional<Steps::Fault> fault = steps->Take("bundle find");
    if (fault == Steps::Fault::kHang) static_cast<void>(co_await steps->Hang(Steps::kForEver));
    std::string found = co_await std::move(work);
    if (fault == Steps::Fault::kWithhold) static_cast<void>(co_await steps->Hang(Steps::kForEver));
    co_return found;
  }

  Steps& steps_;
  libcontainerd::BundleStore& bundles_;
};

class SteppedStdio final : public libcontainerd::Stdio {
 public:
  SteppedStdio(Steps& steps, libcontainerd::Stdio& stdio) : steps_(steps), stdio_(stdio) {}
  libcontainerd::Awaitable<libcontainerd::Result<std::unique_ptr<libcontainerd::ProcessStdio>>>
  Open(libcontainerd::StdioPaths paths, bool terminal) override {
    return Steps::Work<std::unique_ptr<libcontainerd::ProcessStdio>>(
        &steps_, "fifos open", stdio_.Open(std::move(paths), terminal));
  }
  libcontainerd::Awaitable<libcontainerd::Status> Remove(libcontainerd::StdioPaths paths) override {
    return Steps::Work<void>(&steps_, "fifos remove", stdio_.Remove(std::move(paths)));
  }

 private:
  Steps& steps_;
  libcontainerd::Stdio& stdio_;
};

class SteppedBackend final : public libcontainerd::Backend {
 public:
  SteppedBackend(Steps& steps, libcontainerd::Backend& backend)
      : steps_(steps), backend_(backend) {}
  void StateChanged(const std::string& id, const libcontainerd::StateInfo& info,
                    libcontainerd::Done done) override;
  void AttachStreams(const std::string& id, const std::string& process, libcontainerd::IoPipe pipe,
                     libcontainerd::Done done) override;

 private:
  // `begin` is the callback itself.
  void Call(const std::string& kind, libcontainerd::Done done,
            libcontainerd::UniqueFunction<void(libcontainerd::Done)> begin);

  Steps& steps_;
  libcontainerd::Backend& backend_;
};

}  // namespace drydock_tests
