// A supervisor with a simulated launcher and health, in virtual time.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libcontainerd/daemon_supervisor.h"
#include "libcontainerd/simulated_runtime.h"
#include "tests/lib/core/simulated_launcher.h"

namespace libcontainerd::test {

inline DaemonOptions Options() {
  DaemonOptions options;
  options.socket = "/state/docker-containerd.sock";
  options.state_dir = "/state/containerd";
  return options;
}

inline tl::unexpected<Error> Gone() {
  return Fail(ErrorCode::kUnavailable, "connection refused");
}

// Health follows the process unless the test says more: a dead daemon answers nothing.
struct SupervisorFixture {
  explicit SupervisorFixture(std::uint64_t seed, ReferenceBehaviour reference = {},
                             bool external = false)
      : runtime(seed),
        supervisor({.runtime = runtime, .api = api, .launcher = external ? nullptr : &launcher},
                   Options(), MakeSettings(reference)) {}
  ~SupervisorFixture() {
    Close();
    EXPECT_FALSE(runtime.failure());
  }

  DaemonSupervisor::Settings MakeSettings(ReferenceBehaviour reference) {
    DaemonSupervisor::Settings settings;
    settings.reference = reference;
    settings.observer = [this](const DaemonEvent& event) {
      if (event.kind == DaemonEventKind::kHealthFailed) return;
      told.push_back(std::string(DaemonEventKindName(event.kind)));
    };
    return settings;
  }

  template <class T>
  T Run(Awaitable<T> call) {
    std::optional<T> result;
    Spawn(runtime, Keep(std::move(call), &result));
    EXPECT_TRUE(runtime.RunUntil([&] { return result.has_value(); }));
    return std::move(*result);
  }
  template <class T>
  static Awaitable<void> Keep(Awaitable<T> call, std::optional<T>* result) {
    result->emplace(co_await std::move(call));
  }
  static Awaitable<void> KeepClose(DaemonSupervisor* supervisor, bool* closed) {
    co_await supervisor->Close();
    *closed = true;
  }

  void Start() {
    const Status started = Run(supervisor.Start());
    ASSERT_TRUE(started) << started.error().message;
  }
  void Close() {
    bool closed = false;
    Spawn(runtime, KeepClose(&supervisor, &closed));
    EXPECT_TRUE(runtime.RunUntil([&] { return closed; }));
  }
  void For(Duration time) { runtime.AdvanceTo(runtime.Now() + time); }
  std::size_t starts() const { return launcher.commands.size(); }
  DaemonPid pid() const { return supervisor.status().pid; }
  bool RunUntil(const std::function<bool()>& condition) { return runtime.RunUntil(condition); }

  std::vector<std::string> told;
  SimulatedRuntime runtime;
  SimulatedLauncher launcher{runtime};
  SimulatedHealth api{runtime};
  DaemonSupervisor supervisor;
};

}  // namespace libcontainerd::test
