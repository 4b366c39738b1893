// What a world leaves on disk, and what the next one makes of it.
#include "fake_containerd/world/container_files.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fake_containerd/temporary_directory.h"
#include "tests/fake_containerd/world/harness.h"

namespace fake_containerd {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class ContainerFilesTest : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return (directory_.path() / name).string(); }
  // Each a process of its own that was killed with the world before, as far as the disk can tell.
  WorldOptions Options() const {
    WorldOptions options;
    options.state_directory = directory_.path();
    return options;
  }
  std::string StartError() {
    WorldOptions options = Options();
    libcontainerd::SimulatedRuntime runtime(1);
    libcontainerd::MemoryFifos fifos(runtime);
    MemoryProcessIo io(fifos);
    World world(runtime, io, std::move(options));
    const auto started = world.StartDaemon();
    return started ? "" : started.error().message;
  }
  std::vector<std::string> Entries() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_.path())) {
      names.push_back(entry.path().lexically_relative(directory_.path()).string());
    }
    std::ranges::sort(names);
    return names;
  }

  TemporaryDirectory directory_;
};

TEST_F(ContainerFilesTest, AContainersLifeOnDisk) {
  Harness h(1, Options());
  ASSERT_TRUE(h.Running("c1"));
  ASSERT_TRUE(h.Exec("c1", "e1"));
  h.runtime.RunReady();
  EXPECT_THAT(Entries(),
              ElementsAre("c1", "c1/e1", "c1/e1/pid", "c1/init", "c1/init/pid", "c1/state.json"));
  ASSERT_TRUE(h.world.ExitProcess(kKey, "e1", 0));
  h.runtime.RunReady();
  EXPECT_THAT(Entries(), ElementsAre("c1", "c1/init", "c1/init/pid", "c1/state.json"));
  ASSERT_TRUE(h.world.ExitProcess(kKey, "init", 0));
  h.runtime.RunReady();
  EXPECT_THAT(Entries(), IsEmpty());
  // And a failed create's.
  CreateCommand command = Harness::CreateOf("c2");
  command.read_bundle = []() -> libcontainerd::Awaitable<libcontainerd::Result<BundleSpec>> {
    co_return BundleSpec();
  };
  EXPECT_FALSE(h.Run(h.world.Create(std::move(command))));
  h.runtime.RunReady();
  EXPECT_THAT(Entries(), IsEmpty());
}

TEST_F(ContainerFilesTest, ANewWorldTellsTheExitsOfContainersThatWereRunningExecsFirst) {
  {
    Harness h(1, Options());
    for (const char* id : {"a", "b"}) {
      ASSERT_TRUE(h.Running(id));
      ASSERT_TRUE(h.Exec(id, "x"));
    }
  }
  WorldOptions options = Options();
  options.state_directory = directory_.path();
  Harness h(1, std::move(options));
  ASSERT_TRUE(h.started);
  ASSERT_EQ(h.world.container_count(), 2U);
  const auto info = h.world.Inspect(Harness::Key("a"));
  ASSERT_TRUE(info);
  EXPECT_EQ(info->bundle, "/state/a");
  EXPECT_EQ(info->runtime, "runc");
  EXPECT_EQ(info->status, TaskStatus::kStopped);
  h.runtime.RunReady();
  EXPECT_EQ(h.recorder.emitted.size(), 4U);
  for (const std::string id : {"a", "b"}) {
    const auto& emitted = h.recorder.emitted;
    const auto exec = std::ranges::find(emitted, "exit " + id + "/x 255");
    const auto init = std::ranges::find(emitted, "exit " + id + "/init 255");
    EXPECT_LT(exec, init);
    EXPECT_NE(init, emitted.end());
  }
  EXPECT_EQ(h.world.container_count(), 0U);
  EXPECT_THAT(Entries(), IsEmpty());
  // Its pids are not given out again at once.
  ASSERT_TRUE(h.Running("c"));
  EXPECT_GT(h.world.Inspect(Harness::Key("c"))->processes[0].system_pid, 1003U);
}

TEST_F(ContainerFilesTest, AnExitThatWasRecordedIsTold) {
  {
    Harness h(1, Options());
    ASSERT_TRUE(h.Running("c1"));
    h.world.StopDaemon();  // its shim lives on
    ASSERT_TRUE(h.world.ExitProcess(kKey, "init", 7));
    h.runtime.RunReady();
  }
  Harness h(1, Options());
  h.runtime.RunReady();
  EXPECT_THAT(h.recorder.emitted, ElementsAre("exit c1/init 7"));
}

TEST_F(ContainerFilesTest, KilledBetweenDeleteAndNotifyTheExitIsLost) {
  {
    WorldOptions options = Options();
    options.choices.shim_wait = seconds(1);
    Harness h(1, std::move(options));
    ASSERT_TRUE(h.Running("c1"));
    ASSERT_TRUE(h.world.ExitProcess(kKey, "init", 7));
    h.runtime.RunReady();
    EXPECT_EQ(h.world.container_count(), 0U);
  }
  Harness h(1, Options());
  h.runtime.RunReady();
  EXPECT_THAT(h.recorder.emitted, IsEmpty());
}

TEST_F(ContainerFilesTest, AHalfCreatedContainerStaysStoppedAndItsIdInUse) {
  {
    WorldOptions options = Options();
    options.behaviour = Always({.start_delay = seconds(5)});
    Harness h(1, std::move(options));
    const auto creating = h.Start(h.world.Create(Harness::CreateOf("c1")));
    h.runtime.RunReady();
    EXPECT_FALSE(*creating);
  }
  for (int start = 0; start < 3; ++start) {
    Harness h(1, Options());
    h.runtime.RunReady();
    EXPECT_THAT(h.recorder.emitted, IsEmpty());
    const auto info = h.world.Inspect(kKey);
    ASSERT_TRUE(info);
    EXPECT_EQ(info->status, TaskStatus::kStopped);
    EXPECT_THAT(info->processes, IsEmpty());
    const auto again = h.Run(h.world.Create(Harness::CreateOf("c1")));
    EXPECT_EQ(again.error().kind, FailureKind::kContainerExists);
  }
}

TEST_F(ContainerFilesTest, WithoutAPidFileNothingIsKnownOfAProcess) {
  {
    Harness h(1, Options());
    ASSERT_TRUE(h.Running("c1"));
  }
  for (const char* text : {"", "12x", "gone"}) {
    if (text == std::string("gone")) {
      std::filesystem::remove(path("c1/init/pid"));
    } else {
      std::ofstream(path("c1/init/pid")) << text;
    }
    Harness h(1, Options());
    h.runtime.RunReady();
    EXPECT_THAT(h.recorder.emitted, IsEmpty()) << text;
    EXPECT_EQ(h.world.Inspect(kKey)->status, TaskStatus::kStopped);
  }
}

TEST_F(ContainerFilesTest, AMissingOrCorruptStateFileStopsTheStart) {
  std::filesystem::create_directory(path("c1"));
  EXPECT_EQ(StartError(), "open " + path("c1/state.json") + ": no such file or directory");
  for (const char* text : {"", "{", "[]", R"({"bundle": 1, "labels": [], "runtime": ""})"}) {
    std::ofstream(path("c1/state.json")) << text;
    EXPECT_EQ(StartError(), path("c1/state.json") +
                                ": corrupt, expected an object with bundle, labels and runtime");
  }
  std::ofstream(path("c1/state.json")) << R"({"bundle": "/b", "labels": [], "runtime": "runc"})";
  EXPECT_EQ(StartError(), "");
}

TEST_F(ContainerFilesTest, StepsThatWereNotCompletedAreTakenAway) {
  std::filesystem::create_directory(path(".new"));
  std::filesystem::create_directories(path(".old/init"));
  std::ofstream(path("events.log")) << "";
  EXPECT_EQ(StartError(), "");
  EXPECT_THAT(Entries(), ElementsAre("events.log"));
}

TEST_F(ContainerFilesTest, WhatCannotBeRecordedIsNotCreated) {
  Harness h(1, Options());
  std::ofstream(path("file")) << "";
  const auto error = [&h](const std::string& id) {
    const auto created = h.Run(h.world.Create(Harness::CreateOf(id)));
    return created ? "OK" : created.error().passed_on.message;
  };
  EXPECT_EQ(error("file"), "mkdir " + path("file") + ": file exists");
  EXPECT_EQ(error(std::string(300, 'x')),
            "mkdir " + path(std::string(300, 'x')) + ": file name too long");
  EXPECT_EQ(error(".hidden"), "mkdir " + path(".hidden") + ": invalid argument");
  EXPECT_EQ(h.world.container_count(), 0U);
  ASSERT_TRUE(h.Running("c1"));
  const auto exec = h.Run(h.world.AddProcess(Harness::ExecOf("c1", "../c2")));
  ASSERT_FALSE(exec);
  EXPECT_THAT(exec.error().passed_on.message, StartsWith("mkdir " + path("c1/../c2") + ": "));
  const auto state = h.Run(h.world.AddProcess(Harness::ExecOf("c1", "state.json")));
  ASSERT_FALSE(state);
  EXPECT_EQ(state.error().passed_on.message, "mkdir " + path("c1/state.json") + ": file exists");
}

}  // namespace
}  // namespace fake_containerd
