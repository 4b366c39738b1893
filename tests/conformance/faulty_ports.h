// Decorators of the client's ports that lose, hold back or fail what a test names.
//
// Threads: the executor's, the switches too.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "libcontainerd/bundle_store.h"
#include "libcontainerd/containerd_api.h"
#include "libcontainerd/runtime.h"

namespace drydock_tests {

class FaultyApi final : public libcontainerd::ContainerdApi {
 public:
  using Method = libcontainerd::Method;
  enum class Fault {
    kHang,      // the request does not reach the daemon before Release()
    kWithhold,  // the daemon answers; the answer waits for Release(), or the caller's deadline
    kLose,      // the daemon answers; the caller is told UNAVAILABLE at once
  };

  // Both outlive it. Null until the transport is there: then set `api`.
  explicit FaultyApi(libcontainerd::Runtime& runtime) : runtime_(runtime) {}
  libcontainerd::ContainerdApi* api = nullptr;

  // For every request of that method, until cleared.
  std::map<Method, Fault> faults;
  // Requests of these methods come back with that error and never reach the daemon.
  std::map<Method, libcontainerd::Error> failures;
  // Sees every request.
  std::function<void(Method, const google::protobuf::Message&)> watch;
  // Changes successful answers.
  std::function<void(Method, google::protobuf::Message&)> edits;
  // Events that never arrive, on any stream; and those that only the stored log tells of.
  std::function<bool(const types::Event&)> drops;
  std::function<bool(const types::Event&)> drops_live;
  bool duplicates_events = false;
  // Reads of the stored log, which none of the other switches for events concerns: they end with
  // that error, or begin only at Release(), as those of methods that hang.
  std::optional<libcontainerd::Error> stored_failure;
  bool stored_hangs = false;
  // Events wait until HoldEvents(false).
  void HoldEvents(bool held);
  // Every live event stream that is open ends with UNAVAILABLE; what it held is lost with it.
  void BreakStreams();
  // Lets whatever hangs or is withheld go on, and no more of it.
  void Release();

  // "Signal c1/init 9", in the order of sending.
  const std::vector<std::string>& sent() const { return sent_; }
  std::size_t Count(Method method) const;
  // Requests that the daemon answered; the caller may not know yet.
  std::size_t Answered(Method method) const;
  // Requests that hang, or whose answer is withheld now.
  std::size_t waiting() const { return waiting_.size(); }
  // Requests, and reads of the stored log, that are with the daemon now.
  std::size_t in_flight() const;
  // How many event streams the daemon has ended, reads of the stored log not counted.
  std::size_t streams_ended() const { return streams_ended_; }
  // The client was handed an event of that container.
  bool HandedOver(const std::string& id) const { return handed_over_.contains(id); }
  // How often the stored log was read.
  std::size_t stored_reads() const { return stored_reads_; }
  // Events that arrived, marker events (see Rig::Flush) included.
  std::size_t delivered() const { return delivered_; }

  libcontainerd::Awaitable<libcontainerd::Status> Unary(Method method,
                                                        const google::protobuf::Message& request,
                                                        google::protobuf::Message& response,
                                                        libcontainerd::Duration timeout) override;
  std::unique_ptr<libcontainerd::EventStream> Events(types::EventsRequest request,
                                                     libcontainerd::EventSink& sink) override;
  libcontainerd::Awaitable<libcontainerd::Status> CheckHealth(
      libcontainerd::Duration timeout) override {
    return api->CheckHealth(timeout);
  }

 private:
  class Stream;
  class StoredStream;

  libcontainerd::Awaitable<libcontainerd::Status> Ask(Method method,
                                                      const google::protobuf::Message& request,
                                                      google::protobuf::Message& response,
                                                      libcontainerd::Duration timeout);
  // True when released, false when `timeout` passed first.
  libcontainerd::Awaitable<bool> WaitForRelease(libcontainerd::Duration timeout);

  libcontainerd::Runtime& runtime_;
  std::vector<std::string> sent_;
  std::vector<Method> methods_;
  std::vector<Method> answered_;
  std::vector<std::shared_ptr<libcontainerd::OneShot<bool>>> waiting_;
  std::size_t asking_ = 0;
  std::size_t delivered_ = 0;
  std::size_t stored_reads_ = 0;
  std::size_t streams_ended_ = 0;
  std::set<std::string> handed_over_;
  bool held_ = false;
  std::set<Stream*> streams_;
};

class FaultyBundles final : public libcontainerd::BundleStore {
 public:
  explicit FaultyBundles(libcontainerd::BundleStore& bundles) : bundles_(bundles) {}

  std::optional<libcontainerd::Error> fail_create;
  std::optional<libcontainerd::Error> fail_read;
  std::optional<libcontainerd::Error> fail_remove;
  std::optional<libcontainerd::Error> fail_release;

  // Whose rootfs mounts were asked away, in order.
  const std::vector<std::string>& released() const { return released_; }

  std::string PathOf(const std::string& id) const override { return bundles_.PathOf(id); }
  libcontainerd::Awaitable<std::string> Find(std::string id) override {
    return bundles_.Find(std::move(id));
  }
  libcontainerd::Awaitable<libcontainerd::Status> Create(std::string id, std::string config_json,
                                                         libcontainerd::FileOwner root) override {
    if (fail_create) return Failed(*fail_create);
    return bundles_.Create(std::move(id), std::move(config_json), root);
  }
  libcontainerd::Awaitable<libcontainerd::Result<std::string>> ReadConfig(std::string id) override {
    if (fail_read) return FailedRead(*fail_read);
    return bundles_.ReadConfig(std::move(id));
  }
  libcontainerd::Awaitable<libcontainerd::Status> Remove(std::string id) override {
    if (fail_remove) return Failed(*fail_remove);
    return bundles_.Remove(std::move(id));
  }
  libcontainerd::Awaitable<libcontainerd::Status> ReleaseRootfs(std::string id) override {
    released_.push_back(id);
    if (fail_release) return Failed(*fail_release);
    return bundles_.ReleaseRootfs(std::move(id));
  }

 private:
  static libcontainerd::Awaitable<libcontainerd::Status> Failed(libcontainerd::Error error) {
    co_return libcontainerd::Fail(std::move(error));
  }
  static libcontainerd::Awaitable<libcontainerd::Result<std::string>> FailedRead(
      libcontainerd::Error error) {
    co_return libcontainerd::Fail(std::move(error));
  }

  libcontainerd::BundleStore& bundles_;
  std::vector<std::string> released_;
};

}  // namespace drydock_tests
