// A supervisor with a simulated launcher and health, in virtual time. At its end the guarantees
// about the daemon are asked of what happened.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libcontainerd/daemon_supervisor.h"
#include "libcontainerd/simulated_runtime.h"
#include "scenarios/guarantees/evidence.h"
#include "scenarios/journaling.h"
#include "scenarios/journaling_daemon.h"
#include "scenarios/runner/simulated_launcher.h"
#include "tests/lib/core/simulated_health.h"

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
        supervisor({.runtime = runtime,
                    .api = journaled_api,
                    .launcher = external ? nullptr : &journaled_launcher},
                   Options(), MakeSettings(reference)) {}
  ~SupervisorFixture() {
    Close();
    EXPECT_FALSE(runtime.failure());
    Judge();
  }

  // The reference's behaviour was asked for.
  void ExpectBroken(std::string guarantee) { expected_broken.push_back(std::move(guarantee)); }
  void Judge() {
    for (const char* name : {"daemon-comes-back", "kill-needs-proof"}) {
      const scenarios::Judgement judgement =
          scenarios::JudgeJournal(*scenarios::FindGuarantee(name), journal);
      const bool broken = judgement.verdict == scenarios::Verdict::kBroken;
      std::string what;
      for (const auto& violation : judgement.violations) what += "\n  " + violation.what;
      EXPECT_EQ(broken, std::ranges::count(expected_broken, name) > 0) << name << what;
    }
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
  static Awaitable<Status> CloseOf(DaemonSupervisor* supervisor) {
    co_await supervisor->Close();
    co_return Status();
  }
  Awaitable<Status> Cleanup() {
    return scenarios::JournaledCall<void>(recorder, "cleanup", "", "", supervisor.Cleanup());
  }

  void Start() {
    const Status started = Run(supervisor.Start());
    ASSERT_TRUE(started) << started.error().message;
  }
  void Close() {
    EXPECT_TRUE(
        Run(scenarios::JournaledCall<void>(recorder, "close", "", "", CloseOf(&supervisor))));
  }
  void For(Duration time) { runtime.AdvanceTo(runtime.Now() + time); }
  std::size_t starts() const { return launcher.commands.size(); }
  DaemonPid pid() const { return supervisor.status().pid; }
  bool RunUntil(const std::function<bool()>& condition) { return runtime.RunUntil(condition); }

  std::vector<std::string> told;
  SimulatedRuntime runtime;
  scenarios::SimulatedLauncher launcher{runtime};
  SimulatedHealth api{runtime};
  std::vector<std::string> expected_broken;
  scenarios::Journal journal;
  scenarios::Recorder recorder{runtime, journal};
  scenarios::JournalingDaemonLauncher journaled_launcher{recorder, launcher};
  scenarios::JournalingContainerdApi journaled_api{recorder, api};
  DaemonSupervisor supervisor;
};

}  // namespace libcontainerd::test
