// A facade over a simulated world, with what the injector reported, for tests of holds and faults.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/fake_containerd/v0/harness.h"

namespace fake_containerd::v0 {

class FaultRecorder final : public Recorder {
 public:
  void OnEventLost(const Event& event, std::string_view why, bool meant) override {
    lost.push_back(Line(event) + (meant ? ", " : ", told, ") + std::string(why));
  }
  void OnFaultFired(const FiredFault& fault) override {
    fired.push_back(fault.point + "@" + fault.subject + "=" + fault.term + " #" +
                    std::to_string(fault.count));
  }
  void OnHeld(const HeldItem& item) override {
    holds.push_back("held " + item.point + "@" + item.subject);
  }
  void OnReleased(const HeldItem& item) override {
    holds.push_back("released " + item.point + "@" + item.subject);
  }

  std::vector<std::string> lost;
  std::vector<std::string> fired;
  std::vector<std::string> holds;
};

struct FaultHarness {
  explicit FaultHarness(std::uint64_t seed = 1, const std::string& plan = "",
                        WorldOptions options = {})
      : h(seed, With(std::move(options), recorder)) {
    Faults(plan);
  }
  static WorldOptions With(WorldOptions options, FaultRecorder& recorder) {
    options.observer = &recorder;
    return options;
  }

  Injector& injector() { return h.world.injector(); }
  void Faults(const std::string& text) {
    auto plan = FaultPlan::Parse(text);
    ASSERT_TRUE(plan) << plan.error().message;
    injector().SetFaults(std::move(*plan));
  }
  Duration Now() const { return h.runtime.Now(); }

  // Sends such a request about container c1 (a create: about c2), however it ends.
  std::string Send(const std::string& method, Duration patience = FacadeHarness::kPatience) {
    if (method == "GetServerVersion") return Sent(types::GetServerVersionRequest(), patience);
    if (method == "CreateContainer") {
      h.bundles.configs().try_emplace("/state/c2", kConfig);
      return Sent(FacadeHarness::CreateRequest("c2"), patience);
    }
    if (method == "UpdateContainer") return Sent(WithId<types::UpdateContainerRequest>(), patience);
    if (method == "Signal") return Sent(FacadeHarness::SignalOf("c1", "init", 0), patience);
    if (method == "AddProcess") return Sent(FacadeHarness::ExecRequest("c1", "x1"), patience);
    if (method == "State") return Sent(WithId<types::StateRequest>(), patience);
    if (method == "Stats") return Sent(WithId<types::StatsRequest>(), patience);
    if (method == "UpdateProcess") {
      auto request = WithId<types::UpdateProcessRequest>();
      request.set_pid("init");
      return Sent(request, patience);
    }
    if (method == "CreateCheckpoint") {
      auto request = WithId<types::CreateCheckpointRequest>();
      request.mutable_checkpoint()->set_name("cp");
      return Sent(request, patience);
    }
    if (method == "DeleteCheckpoint") {
      auto request = WithId<types::DeleteCheckpointRequest>();
      request.set_name("cp");
      return Sent(request, patience);
    }
    if (method == "ListCheckpoint") return Sent(WithId<types::ListCheckpointRequest>(), patience);
    if (method == "Health") return v0::Outcome(h.Run(h.api.CheckHealth(patience)));
    ADD_FAILURE() << method;
    return "";
  }
  template <class Request>
  static Request WithId() {
    Request request;
    request.set_id("c1");
    return request;
  }
  template <class Request>
  std::string Sent(const Request& request, Duration patience) {
    return v0::Outcome(h.Call(request, patience));
  }
  // An event about nobody in particular; `id` may be unknown.
  void Emit(EventKind kind, const std::string& id, const std::string& process = "") {
    Event event;
    event.kind = kind;
    event.container.id = id;
    event.process = process;
    injector().Emit(event);
  }
  // A stream from now on.
  void Listen(const types::EventsRequest& request = {}) {
    stream = h.api.Events(request, sink);
    h.runtime.RunReady();
  }
  // Everything from the log.
  std::vector<std::string> Logged() {
    types::EventsRequest request;
    request.mutable_timestamp()->set_seconds(1);
    request.set_storedonly(true);
    Sink stored;
    const auto reading = h.api.Events(request, stored);
    h.runtime.RunReady();
    return stored.lines;
  }

  FaultRecorder recorder;
  FacadeHarness h;
  Sink sink;
  std::unique_ptr<libcontainerd::EventStream> stream;
};

}  // namespace fake_containerd::v0
