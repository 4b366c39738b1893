// Whatever step of an operation fails, hangs or loses its answer: the caller gets the error of that
// step, nothing is left behind, and the next operation of the same kind works.
//
// Nobody lists the steps: an operation is run once to see which it takes through the ports, and
// then once for each of them and each way to break it. A further operation is one more row of
// Operations().
#include <algorithm>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/conformance/rig.h"

namespace drydock_tests {
namespace {

using libcontainerd::Client;
using Fault = Steps::Fault;
using std::chrono::seconds;

struct Operation {
  const char* name;
  const char* journaled;           // the same, as journals call it
  std::vector<std::string> steps;  // as they were when this was written
  void (*prepare)(Rig& rig);       // what it needs to be there
  Awaitable<Status> (*call)(Client& client);
  // Takes back what it did, as far as it did it.
  void (*undo)(Rig& rig);
  const char* process = "";
  // What the caller hears when a step breaks, where it is not what most operations say; empty:
  // that.
  std::string (*says)(const std::string& step, Fault fault) = nullptr;
  scenarios::CallFacts facts{};
};

void PrintTo(const Operation& operation, std::ostream* out) {
  *out << operation.name;
}

template <class T>
Awaitable<Status> WithoutValue(Awaitable<Result<T>> call) {
  Result<T> result = co_await std::move(call);
  if (!result) co_return libcontainerd::Fail(result.error());
  co_return Status();
}

void Nothing(Rig& /*rig*/) {}

void Created(Rig& rig) {
  rig.Behave("c1", "init", {.signals = {{10, {}}}});
  ASSERT_EQ(rig.Create("c1"), "OK");
}

std::string Call(Rig& rig, const std::string& name, Awaitable<Status> (*call)(Client& client),
                 const std::string& process = "", scenarios::CallFacts facts = {}) {
  return Describe(rig.Await(rig.Begin<void>(name, "c1", process, call, facts)));
}

Awaitable<Status> MakeCheckpoint(Client& client) {
  return client.CreateCheckpoint("c1", "cp", "", false);
}
Awaitable<Status> DropCheckpoint(Client& client) {
  return client.DeleteCheckpoint("c1", "cp", "");
}

void CreatedWithCheckpoint(Rig& rig) {
  Created(rig);
  ASSERT_EQ(Call(rig, "create-checkpoint", &MakeCheckpoint), "OK");
}

void EndContainer(Rig& rig) {
  if (rig.Runs("c1")) rig.Exit("c1", "init", 0);
}

void EndExec(Rig& rig) {
  bool runs = false;
  rig.Do([&] {
    const auto info = rig.world().Inspect(Rig::Key("c1"));
    runs = info && info->processes.size() > 1;
  });
  if (runs) rig.Exit("c1", "e1", 0);
}

// --- Restore: the engine began again, the container is one of the engine before.

void StartAgain(Rig& rig) {
  rig.Flush();
  rig.StopEngine();
  rig.StartEngine();
}
void LeftRunning(Rig& rig) {
  Created(rig);
  StartAgain(rig);
}
void LeftGone(Rig& rig) {
  Created(rig);
  rig.Flush();
  rig.StopEngine();
  rig.Exit("c1", "init", 3);
  rig.StartEngine();
}
void ForgetRestored(Rig& rig) {
  if (!rig.Tracked().empty()) StartAgain(rig);
}

constexpr scenarios::CallFacts kGoingOn{.timeout = seconds(100), .live = true};
constexpr scenarios::CallFacts kEnding{.timeout = seconds(100), .live = false};

template <const scenarios::CallFacts& kFacts>
Awaitable<Status> Restore(Client& client) {
  return client.Restore("c1", {.live = kFacts.live, .timeout = kFacts.timeout});
}

bool IsRemoval(const std::string& step) {
  return step == "rootfs release" || step == "bundle remove";
}

std::string OfRestore(const std::string& step, Fault fault) {
  const bool in_vain = fault == Fault::kHang || fault == Fault::kWithhold;
  if (step == "Events" && in_vain) {
    return "DEADLINE_EXCEEDED the stored events did not come in time";
  }
  if (step.starts_with("callback ")) return in_vain ? "OK" : "INTERNAL " + step + " failed";
  if (in_vain && (step == "bundle find" || step == "fifos open")) {
    return "DEADLINE_EXCEEDED container c1: the file system did not answer in time";
  }
  return "";
}
// What it does to end the container need not succeed: it goes on until the exit is seen.
std::string OfEndingRestore(const std::string& step, Fault fault) {
  if (step == "fifos open" || step == "Signal" || IsRemoval(step)) return "OK";
  return OfRestore(step, fault);
}
// A log that cannot be read is read again.
std::string OfGoneRestore(const std::string& step, Fault fault) {
  if (step == "Events" || IsRemoval(step)) return "OK";
  return OfRestore(step, fault);
}

std::vector<Operation> Operations() {
  return {
      {"Create",
       "create",
       {"bundle create", "bundle read", "fifos open", "attach init", "CreateContainer",
        "callback start-container"},
       &Nothing,
       [](Client& client) { return client.Create("c1", Rig::kSpec); },
       &EndContainer},
      {"AddProcess",
       "add-process",
       {"fifos open", "AddProcess", "attach e1"},
       &Created,
       [](Client& client) { return WithoutValue(client.AddProcess("c1", "e1", Rig::ExecSpec())); },
       &EndExec,
       "e1"},
      {"Signal",
       "signal",
       {"Signal"},
       &Created,
       [](Client& client) { return client.Signal("c1", 10); },
       &Nothing},
      {"SignalProcess",
       "signal-process",
       {"Signal"},
       &Created,
       [](Client& client) { return client.SignalProcess("c1", "init", 10); },
       &Nothing,
       "init"},
      {"Resize",
       "resize",
       {"UpdateProcess"},
       &Created,
       [](Client& client) { return client.Resize("c1", "init", 80, 24); },
       &Nothing},
      {"Pause",
       "pause",
       {"UpdateContainer", "callback pause"},
       &Created,
       [](Client& client) { return client.Pause("c1"); },
       [](Rig& rig) { rig.Thaw("c1"); }},
      {"Resume",
       "resume",
       {"UpdateContainer", "callback resume"},
       [](Rig& rig) {
         Created(rig);
         ASSERT_EQ(rig.Pause("c1"), "OK");
       },
       [](Client& client) { return client.Resume("c1"); },
       [](Rig& rig) { rig.Pause("c1"); }},
      {"Stats",
       "stats",
       {"Stats"},
       &Created,
       [](Client& client) { return WithoutValue(client.Stats("c1")); },
       &Nothing},
      {"Pids",
       "pids",
       {"State"},
       &Created,
       [](Client& client) { return WithoutValue(client.GetPidsForContainer("c1")); },
       &Nothing},
      {"UpdateResources",
       "update-resources",
       {"UpdateContainer"},
       &Created,
       [](Client& client) {
         types::UpdateResource resources;
         resources.set_memorylimit(1 << 30);
         return client.UpdateResources("c1", resources);
       },
       &Nothing},
      {"CreateCheckpoint",
       "create-checkpoint",
       {"CreateCheckpoint"},
       &Created,
       &MakeCheckpoint,
       [](Rig& rig) { EXPECT_EQ(Call(rig, "delete-checkpoint", &DropCheckpoint), "OK"); }},
      {"DeleteCheckpoint",
       "delete-checkpoint",
       {"DeleteCheckpoint"},
       &CreatedWithCheckpoint,
       &DropCheckpoint,
       [](Rig& rig) { Call(rig, "create-checkpoint", &MakeCheckpoint); }},
      {"ListCheckpoints",
       "list-checkpoints",
       {"ListCheckpoint"},
       &CreatedWithCheckpoint,
       [](Client& client) { return WithoutValue(client.ListCheckpoints("c1", "")); },
       &Nothing},
      {"GetServerVersion",
       "get-server-version",
       {"GetServerVersion"},
       &Nothing,
       [](Client& client) { return WithoutValue(client.GetServerVersion()); },
       &Nothing},
      {"RestoreOfOneThatGoesOn",
       "restore",
       {"bundle find", "Events", "State", "fifos open", "attach init", "callback restore"},
       &LeftRunning,
       &Restore<kGoingOn>,
       &ForgetRestored,
       "",
       &OfRestore,
       kGoingOn},
      {"RestoreOfOneToEnd",
       "restore",
       {"bundle find", "Events", "State", "fifos open", "Signal", "rootfs release", "bundle remove",
        "callback exit"},
       &LeftRunning,
       &Restore<kEnding>,
       [](Rig& rig) {
         if (!rig.Runs("c1")) LeftRunning(rig);
       },
       "",
       &OfEndingRestore,
       kEnding},
      {"RestoreOfOneThatIsGone",
       "restore",
       {"bundle find", "Events", "State", "rootfs release", "bundle remove", "callback exit"},
       &LeftGone,
       &Restore<kEnding>,
       [](Rig& rig) {
         if (rig.Files("c1").empty()) LeftGone(rig);
       },
       "",
       &OfGoneRestore,
       kEnding},
  };
}

// What could be left behind.
struct Leavings {
  std::vector<std::string> tracked;
  std::vector<std::string> files;
  std::size_t live_objects = 0;
  std::size_t containers = 0;
  std::size_t processes = 0;
  bool operator==(const Leavings&) const = default;
};

void PrintTo(const Leavings& leavings, std::ostream* out) {
  *out << "tracked " << ::testing::PrintToString(leavings.tracked) << ", files "
       << ::testing::PrintToString(leavings.files) << ", " << leavings.live_objects
       << " live objects, " << leavings.containers << " containers with " << leavings.processes
       << " processes";
}

Leavings Look(Rig& rig) {
  Leavings found;
  found.files = rig.Files("c1", {"e1"});
  rig.Do([&] {
    for (const auto& container : rig.client().Tracked()) {
      found.tracked.push_back(container.id);
      for (const auto& process : container.processes) {
        found.tracked.push_back(container.id + "/" + process);
      }
    }
    found.live_objects = rig.client().LiveObjects();
    found.containers = rig.world().container_count();
    if (const auto info = rig.world().Inspect(Rig::Key("c1"))) {
      found.processes = info->processes.size();
    }
  });
  return found;
}

// A round of reconciling may be under way.
void WaitForRest(Rig& rig) {
  const auto at_rest = [&] {
    std::size_t expected = 0;
    for (const auto& container : rig.client().Tracked()) {
      expected += 1 + container.processes.size();
    }
    return rig.client().LiveObjects() == expected;
  };
  rig.WaitUntil(at_rest, "something is still under way");
}

// Lets everything come to rest; time moves on where something waits for it.
void ExpectComesBackTo(Rig& rig, const Leavings& before) {
  constexpr int kRounds = 100;
  Leavings now;
  for (int round = 0; round < kRounds; ++round) {
    rig.Flush();
    now = Look(rig);
    if (now == before) return;
    if (round > 5) rig.Advance(std::chrono::milliseconds(100));
  }
  EXPECT_EQ(now, before) << "is left behind";
}

bool IsRequest(const std::string& step) {
  return step.find(' ') == std::string::npos;
}
bool IsCallback(const std::string& step) {
  return step.starts_with("callback ") || step.starts_with("attach ");
}
// The call waits for these however long they take.
bool IsWaitedFor(const std::string& step) {
  return step.starts_with("attach ") || step == "callback start-container" ||
         step == "callback restore" || step == "callback exit" || IsRemoval(step);
}

std::vector<Fault> FaultsOf(const std::string& step) {
  // Find has no error; what a removal cannot remove stays (restore_cases.cc).
  if (step == "bundle find" || IsRemoval(step)) return {Fault::kHang, Fault::kWithhold};
  if (!IsRequest(step)) return {Fault::kFail, Fault::kHang, Fault::kWithhold};
  return {Fault::kFail, Fault::kUnreachable, Fault::kLose, Fault::kHang, Fault::kWithhold};
}

std::string Expected(const Operation& operation, const std::string& step, Fault fault) {
  if (operation.says != nullptr) {
    std::string said = operation.says(step, fault);
    if (!said.empty()) return said;
  }
  const std::string name(operation.name);
  const bool changes_state = step == "callback pause" || step == "callback resume";
  switch (fault) {
    case Fault::kFail:
      return changes_state ? "OK" : "INTERNAL " + step + " failed";
    case Fault::kUnreachable:
      return "UNAVAILABLE nobody listens";
    case Fault::kLose:
      return "UNAVAILABLE the answer was lost";
    case Fault::kHang:
    case Fault::kWithhold:
      break;
  }
  if (IsRequest(step)) return "DEADLINE_EXCEEDED " + step + ": no answer in time";
  if (changes_state) {
    return "DEADLINE_EXCEEDED container c1: no " + step.substr(step.find(' ') + 1) +
           " event came in time";
  }
  if (step == "attach init")
    return "DEADLINE_EXCEEDED container c1: its attach did not end in time";
  if (IsCallback(step)) return "OK";
  const std::string what = name == "Create" ? "container c1" : "process e1";
  return "DEADLINE_EXCEEDED " + what + ": the file system did not answer in time";
}

const char* NameOf(Fault fault) {
  constexpr const char* kNames[] = {"fails", "is unreachable", "loses its answer", "hangs",
                                    "withholds its end"};
  return kNames[static_cast<int>(fault)];
}

struct World {
  Transport transport;
  std::uint64_t seed;
};

RigOptions OptionsOf(const World& world) {
  RigOptions options;
  options.transport = world.transport;
  options.seed = world.seed;
  options.choices.checkpoint_tool = true;
  return options;
}

std::string Call(Rig& rig, const Operation& operation) {
  return Call(rig, operation.journaled, operation.call, operation.process, operation.facts);
}

std::vector<std::string> StepsOf(const Operation& operation, const World& world) {
  Rig rig(OptionsOf(world));
  operation.prepare(rig);
  rig.Flush();
  rig.Do([&] { rig.steps().Watch(); });
  EXPECT_EQ(Call(rig, operation), "OK");
  std::vector<std::string> steps;
  rig.Do([&] { steps = rig.steps().taken(); });
  return steps;
}

void PassTime(Rig& rig, const Pending<void>& pending) {
  for (int i = 0; i < 15 && !rig.Returned(pending); ++i) {
    // An answer that comes late in real time must not be late in the clock's.
    rig.WaitUntil([&] { return rig.api().in_flight() == 0; }, "a request was not answered");
    rig.Advance(seconds(10));
    rig.Flush();
  }
}

void BreakStep(const Operation& operation, const std::string& step, Fault fault,
               const World& world) {
  Rig rig(OptionsOf(world));
  operation.prepare(rig);
  rig.Flush();
  WaitForRest(rig);
  const Leavings before = Look(rig);
  rig.Do([&] { rig.steps().Break(step, fault); });

  const auto pending = rig.Begin<void>(operation.journaled, "c1", operation.process, operation.call,
                                       operation.facts);
  if (fault == Fault::kHang || fault == Fault::kWithhold) {
    rig.WaitUntil([&] { return rig.steps().hangs(); }, "the step did not come");
    rig.Flush();
    EXPECT_FALSE(rig.Returned(pending));
    // More than the longest deadline; an exit is called back when the removal is over, however
    // late, and a restore would not end in its time.
    if (!IsRemoval(step)) PassTime(rig, pending);
    rig.Advance(rig.options().timing.cleaning_grace);
    if (IsWaitedFor(step)) {
      EXPECT_FALSE(rig.Returned(pending));
      rig.Do([&] { rig.steps().Heal(); });
    }
  } else if (operation.says != nullptr) {  // it may try again later
    PassTime(rig, pending);
  }
  EXPECT_EQ(Describe(rig.Await(pending)), Expected(operation, step, fault));
  rig.Do([&] {
    EXPECT_TRUE(rig.steps().broke());
    rig.steps().Heal();
  });
  const bool done = Expected(operation, step, fault) == "OK" || step == "callback exit";
  if (done) operation.undo(rig);
  ExpectComesBackTo(rig, before);

  operation.undo(rig);
  rig.Flush();
  EXPECT_EQ(Call(rig, operation), "OK") << "afterwards";
  operation.undo(rig);
  ExpectComesBackTo(rig, before);
  rig.Finish();
}

void BreakEachStep(const Operation& operation, const World& world) {
  SCOPED_TRACE(std::string(TransportName(world.transport)) + ", seed " +
               std::to_string(world.seed));
  const std::vector<std::string> steps = StepsOf(operation, world);
  EXPECT_THAT(steps, ::testing::UnorderedElementsAreArray(operation.steps))
      << "an operation does something new: say so above, it is broken below anyway";
  for (const std::string& step : steps) {
    for (const Fault fault : FaultsOf(step)) {
      SCOPED_TRACE(std::string(operation.name) + ": " + step + " " + NameOf(fault));
      BreakStep(operation, step, fault, world);
      if (::testing::Test::HasFailure()) return;
    }
  }
}

class FailureAtomicity : public ::testing::TestWithParam<Operation> {};

TEST_P(FailureAtomicity, OverLoopback) {
  constexpr std::uint64_t kSeeds = 10;
  for (std::uint64_t seed = 1; seed <= kSeeds && !HasFailure(); ++seed) {
    BreakEachStep(GetParam(), {Transport::kLoopback, seed});
  }
}

#ifdef DRYDOCK_HAS_GRPC
TEST_P(FailureAtomicity, InProcess) {
  BreakEachStep(GetParam(), {Transport::kInProcess, 0});
}
#endif

// The reference leaves something behind, and that is seen.
TEST(FailureAtomicityItself, SeesWhatIsLeftBehind) {
  RigOptions options;
  options.reference = {libcontainerd::Deviation::kFailedExecRemovesFifos};
  Rig rig(options);
  Created(rig);
  const Leavings before = Look(rig);
  rig.Do([&] { rig.steps().Break("AddProcess", Fault::kFail); });
  EXPECT_EQ(rig.Exec("c1", "e1"), "INTERNAL AddProcess failed");
  const Leavings after = Look(rig);
  EXPECT_NE(after, before);
  EXPECT_EQ(after.files.size(), before.files.size() + 3);
  rig.ExpectBroken("failed-exec-leaves-nothing");
}

TEST(FailureAtomicityItself, SeesWhatRunsOn) {
  RigOptions options;
  options.reference = {libcontainerd::Deviation::kUnknownOutcomeResolved};
  Rig rig(options);
  const Leavings before = Look(rig);
  rig.Do([&] { rig.steps().Break("CreateContainer", Fault::kLose); });
  EXPECT_EQ(rig.Create("c1"), "UNAVAILABLE the answer was lost");
  rig.Flush();
  const Leavings after = Look(rig);
  EXPECT_NE(after, before);
  EXPECT_EQ(after.processes, 1U);
}

INSTANTIATE_TEST_SUITE_P(Operations, FailureAtomicity, ::testing::ValuesIn(Operations()),
                         [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace drydock_tests
