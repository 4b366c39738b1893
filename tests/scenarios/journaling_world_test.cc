// What the journal says of holds, faults, and the events that they take.
#include "scenarios/journaling_world.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fake_containerd/world/harness.h"

namespace scenarios {
namespace {

using fake_containerd::EventKind;
using fake_containerd::FaultPlan;
using fake_containerd::MemoryProcessIo;
using fake_containerd::World;
using ::testing::ElementsAre;

// Every line without its seq and t.
std::vector<std::string> Lines(const Journal& journal) {
  std::vector<std::string> lines;
  for (const Entry& entry : journal.entries()) {
    const std::string line = ToJsonLine(journal, entry);
    lines.push_back(line.substr(line.find("\"kind\"")));
  }
  return lines;
}

TEST(JournalingWorld, TellsHoldsFaultsAndWhatTheyTook) {
  libcontainerd::SimulatedRuntime runtime(1);
  libcontainerd::MemoryFifos fifos(runtime);
  MemoryProcessIo io(fifos);
  Journal journal;
  Recorder recorder(runtime, journal);
  JournalingWorldObserver observer(recorder);
  fake_containerd::WorldOptions options;
  options.observer = &observer;
  options.faults = *FaultPlan::Parse("event.exit@web/init=1*drop; disk.log=1*full");
  World world(runtime, io, std::move(options));
  ASSERT_TRUE(world.StartDaemon());
  ASSERT_TRUE(world.injector().Hold("event.exit"));
  fake_containerd::Event event;
  event.kind = EventKind::kExit;
  event.container.id = "web";
  event.process = "init";
  event.status = 3;
  event.time = fake_containerd::WallTime(std::chrono::seconds(1));
  world.injector().Emit(event);
  ASSERT_EQ(world.injector().Release("event.exit"), 1U);
  event.kind = EventKind::kOom;
  event.process.clear();
  world.Emit(event);
  runtime.RunReady();
  EXPECT_THAT(
      Lines(journal),
      ElementsAre(
          R"("kind":"held","what":"event.exit","id":"web","process":"init","number":1})",
          R"("kind":"released","what":"event.exit","id":"web","process":"init","number":1})",
          R"("kind":"fault_fired","what":"event.exit","id":"web","process":"init","number":1,"text":"1*drop"})",
          R"("kind":"event_emitted","what":"exit","id":"web","process":"init","code":3,"stamp":1000000000})",
          R"("kind":"event_dropped","what":"exit","id":"web","process":"init","code":3,"stamp":1000000000,"text":"the log's too: a fault took it"})",
          R"("kind":"event_emitted","what":"oom","id":"web","code":3,"stamp":1000000000})",
          R"("kind":"fault_fired","what":"disk.log","id":"web","number":1,"text":"1*full"})",
          R"("kind":"event_dropped","what":"oom","id":"web","code":3,"stamp":1000000000,"text":"the log's file alone: a fault of the disk"})"));
}

}  // namespace
}  // namespace scenarios
