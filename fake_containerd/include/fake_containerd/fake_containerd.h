// FakeContainerd: a containerd 0.2 for tests, in the test's own process. It listens on a real unix
// socket, answers with the real daemon's words, and its containers do what the test says — no
// kernel, no runtime, no root. This header is its manual.
//
// Example (Engine is the code under test; it is given a socket and hears of its containers):
//
//   fake_containerd::FakeContainerd fake;
//   ASSERT_TRUE(fake.Start());
//   fake.SetBehaviour("web", "init", {.steps = {step::Write{.data = "ready\n"}}});
//
//   Engine engine(fake.socket_path(), fake.directory());
//   ASSERT_TRUE(fake.WaitForSubscribers(1));
//   ASSERT_TRUE(engine.Run("web"));
//   ASSERT_TRUE(fake.WaitForContainer("web"));
//
//   ASSERT_TRUE(fake.Oom("web"));
//   ASSERT_TRUE(fake.ExitInit("web", 3));
//   EXPECT_EQ(engine.WaitForExit("web"), "exit 3, out of memory");
//   EXPECT_EQ(engine.OutputOf("web"), "ready\n");
//   EXPECT_TRUE(fake.Stop());
//
//   behaviour  What a process does is data (behaviour.h): writes, waits, exit codes, signal
//              handlers, failing starts. Without any it runs until a signal or a step ends it.
//   steps      Make something happen now: ExitInit, OomKill, WriteOutput, … They fail, with a
//              sentence, when there is no such container or process. They return when the machine
//              has done it; what the daemon tells of it may still be on its way.
//   waits      Return as soon as it is so, or after `timeout` of real time — whatever the clock —
//              with a sentence that says what was missing. Never sleep in a test.
//   time       The machine's, or a SteppableClock's: then nothing that takes time in the fake moves
//              on unless the test steps the clock. Share it with the client under test.
//   threads    Every function may be called from any thread but Start and Stop, during which no
//              other may run; none from a BehaviourPolicy.
//   leftovers  None: the socket goes with Stop(), and so does the directory if the fake made it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fake_containerd/behaviour.h"
#include "fake_containerd/choices.h"
#include "fake_containerd/injector.h"
#include "fake_containerd/limits.h"
#include "fake_containerd/model.h"
#include "fake_containerd/outcome.h"
#include "fake_containerd/stats.h"
#include "libcontainerd/error.h"

namespace grpc {
class Channel;
}
namespace libcontainerd {
class SteppableClock;
}

namespace fake_containerd {

class BehaviourTable;
struct Script;
struct ScriptStep;
class World;
class WorldObserver;

struct FakeContainerdOptions {
  // Where the socket is, and room for a client's bundles. Made if it is missing, and removed with
  // everything in it by Stop() then. Empty: one of its own in the system's temporary directory.
  std::string directory{};
  std::string socket_path{};  // empty: <directory>/containerd.sock
  // False: nothing listens, only InProcessChannel() reaches the fake.
  bool socket = true;
  libcontainerd::SteppableClock* clock = nullptr;  // outlives the fake; null: the machine's
  BehaviourPolicy behaviour{};  // of processes that SetBehaviour says nothing about
  Choices choices{};            // where the real daemon's order is a matter of luck
  Limits limits{};              // what clients may ask for

  // Where the daemon keeps its event log and a directory for each container between two lives; made
  // if it is missing, used by one fake at a time and for nothing else. What was running is reported
  // lost (exit 255) at the start, a container without a readable state.json stops it. Checkpoints
  // are directories on disk then, too. Empty: all in memory.
  std::string state_dir{};
  Duration start_timeout = std::chrono::seconds(15);
  std::string runtime = "runc";  // that containers have which name none
  int retain_count = 500;        // events in the log; 0 or less: all of them
  // A file that gets a line for everything that happens (docs/journal.md); replaced.
  std::string journal{};
  // Where drydock.control.v1 is served, for tests in other languages and processes. Errors of
  // Start() as of the other socket. Empty: nowhere.
  std::string control_socket{};
  // Waits and Events() know so many of the latest events and processes at least; all of them by
  // default.
  std::size_t memory = static_cast<std::size_t>(-1);
  // Told of everything on the fake's own thread; outlives it.
  WorldObserver* observer = nullptr;
  std::string faults{};  // a plan (fault_plan.h) from the first moment on; docs/faults.md
  // Points that are held from the first moment on, daemon.start among them: Start() returns then
  // all the same, and clients find a daemon that is not there yet.
  std::vector<std::string> holds{};
  // Of the plan's probabilities, and of what choices draw that have no seed of their own.
  std::uint64_t seed = 1;
  // Clients reach the socket through a relay, so that SetFaults() can break connections. It takes a
  // few microseconds of each message; without it plans cannot name connection.* points.
  bool relay = true;
};

class FakeContainerd {
 public:
  static constexpr std::chrono::seconds kPatience{10};

  FakeContainerd();
  ~FakeContainerd();  // Stop()
  FakeContainerd(const FakeContainerd&) = delete;
  FakeContainerd& operator=(const FakeContainerd&) = delete;

  // When it returns, clients can connect. Errors name the path and leave nothing behind:
  //   INVALID_ARGUMENT     a socket path that no unix socket can have (more than 107 bytes)
  //   ALREADY_EXISTS       the socket is in use
  //   NOT_FOUND, PERMISSION_DENIED, UNAVAILABLE  the directory cannot be made or written to
  //   INVALID_ARGUMENT     `faults` is no plan, `holds` no points; the text says where and why
  //   FAILED_PRECONDITION  it runs already
  libcontainerd::Status Start(FakeContainerdOptions options = {});
  // As a killed daemon on a machine that is switched off: connections break, every process is gone
  // without a word. Fails if something inside the fake went wrong since Start(); it is a defect of
  // the toolkit then. Nothing if it does not run. Start() may follow.
  libcontainerd::Status Stop();
  bool running() const { return inside_ != nullptr; }

  // Absolute. Empty when nothing listens.
  const std::string& socket_path() const { return socket_path_; }
  const std::string& directory() const { return directory_; }
  // A channel without a socket. Give it up before Stop().
  std::shared_ptr<grpc::Channel> InProcessChannel();

  // --- Behaviour of processes that start from now on. The most particular one counts: by container
  // and process, then by the program (args[0]), then the policy, then the process's own words in
  // config.json or its arguments (behaviour_text.h). ---

  // The same as text. Fails with the parser's sentence.
  Outcome SetBehaviourText(std::string id, std::string process, const std::string& text);
  void SetBehaviour(std::string id, std::string process, Behaviour behaviour);
  void SetBehaviourOf(std::string program, Behaviour behaviour);
  void SetBehaviour(BehaviourPolicy policy);

  // --- Steps ---

  // Exits with this code; init takes its execs along.
  Outcome ExitInit(const std::string& id, std::uint32_t code);
  Outcome ExitProcess(const std::string& id, const std::string& process, std::uint32_t code);
  // As by kill(2) inside the machine: 9 always ends it.
  Outcome KillProcess(const std::string& id, const std::string& process, std::uint32_t signal);
  // The kernel ran out of the container's memory and took some child: an event, nobody ends.
  Outcome Oom(const std::string& id);
  // The same, and it took this process.
  Outcome OomKill(const std::string& id, const std::string& process = kInitName);
  Outcome WriteOutput(const std::string& id, const std::string& process, OutputStream stream,
                      std::string data);
  // For behaviours with step::AwaitCue.
  Outcome GiveCue(const std::string& id, const std::string& process, const std::string& cue);
  // An event as it is, true or not; without a time it is stamped.
  void Emit(Event event);
  // While held, nobody is told of events; what does not fit into the daemon's queues is lost.
  void HoldEvents(bool held);
  // What Stats tells of this container, now or when it comes to be (stats.h). None: the model's.
  void SetStats(const std::string& id, StatsScript script);
  // Everything from now on by these choices.
  void SetChoices(Choices choices);

  // --- The daemon's life, as World's: the machine with its processes goes on meanwhile. While it
  // is stopped sockets are open, every call fails with UNAVAILABLE and event streams wait. A fault
  // stops it too. ---

  // Finds its containers again, and tells the exits that it missed. Nothing if it runs. A start
  // that something holds or delays at daemon.start works here and goes on later. Fails with the
  // sentence of what is unreadable.
  Outcome StartDaemon();
  // As by SIGKILL.
  void StopDaemon();
  // The one, then the other.
  Outcome RestartDaemon();
  bool daemon_running();
  // It runs, or it does not.
  [[nodiscard]] Outcome WaitForDaemon(bool running, Duration timeout = kPatience);

  // --- Scripts: docs/fake-containerd.md has the format. ---

  // Takes effect at once; its steps follow in their time, beside those of earlier scripts. A step
  // that cannot be taken is a note in the journal. Errors: INVALID_ARGUMENT,
  // "NAME:LINE:COLUMN: what is wrong, what was expected"; nothing has changed then.
  libcontainerd::Status LoadScript(const std::string& text, const std::string& name = "script");
  // As if it had just been started: no behaviour, stats and step is left, choices, faults and seed
  // are those of the options, nothing is held, whatever runs is killed, and a daemon that was
  // stopped starts. Clients stay connected.
  void Reset();

  // --- Holds and faults, at the points of InjectionPoints(): "event.exit", "event.exit@web".
  // Injector (injector.h) describes them. They fail, with a sentence, for what is no such point.
  // ---

  Outcome Hold(const std::string& point);
  // All that wait there, and the hold ends; or so many, and it stays.
  Outcome Release(const std::string& point, std::optional<std::size_t> count = std::nullopt);
  void ReleaseAll();
  std::vector<HeldItem> Held();
  // While not autonomous, every event and every reply waits for Step(), which returns how many it
  // let go on.
  void SetAutonomous(bool autonomous);
  std::size_t Step(std::size_t count = 1);
  // A plan of fault_plan.h's grammar, instead of the one before.
  Outcome SetFaults(const std::string& plan);
  void ClearFaults();
  // Since Start(), in order.
  std::vector<FiredFault> Fired();

  // --- Waits. `timeout` is real time. ---

  // Its first process runs now.
  [[nodiscard]] Outcome WaitForContainer(const std::string& id, Duration timeout = kPatience);
  // This process runs now.
  [[nodiscard]] Outcome WaitForProcess(const std::string& id, const std::string& process,
                                       Duration timeout = kPatience);
  // This process ran, and the exit of its last life was told to the subscribers.
  [[nodiscard]] Outcome WaitForExit(const std::string& id, const std::string& process = kInitName,
                                    Duration timeout = kPatience);
  // At least `count` such events were told since Start(). With an empty process, of any.
  [[nodiscard]] Outcome WaitForEvent(EventKind kind, const std::string& id,
                                     const std::string& process = "", std::size_t count = 1,
                                     Duration timeout = kPatience);
  // At least so many event streams are open: what happens from now on reaches them.
  [[nodiscard]] Outcome WaitForSubscribers(std::size_t count, Duration timeout = kPatience);

  // At least so many wait at this point now.
  [[nodiscard]] Outcome WaitForHeld(const std::string& point, std::size_t count = 1,
                                    Duration timeout = kPatience);
  // At least so many faults fired at this point since Start().
  [[nodiscard]] Outcome WaitForFired(const std::string& point, std::size_t count = 1,
                                     Duration timeout = kPatience);

  // --- What happened ---

  // Since Start(), in order.
  std::vector<Event> Events() const;
  // Nothing when the daemon does not know it (any more).
  std::optional<ContainerInfo> Inspect(const std::string& id);
  std::size_t container_count();
  std::size_t subscriber_count() const;
  // Of the journal's last line; 0 without a journal and without a control socket.
  std::uint64_t journal_seq();
  // What went through a stream of the process's last life. Nothing before the stream ended; while
  // it goes on, Inspect() tells. PatternSha256() (pattern.h) is what a pattern must come to.
  std::optional<StreamTotal> TotalOf(const std::string& id, const std::string& process,
                                     StdioStream stream) const;

 private:
  struct Inside;

  // Runs `step` on the fake's own thread.
  Outcome Inject(const std::function<libcontainerd::Status(Injector&)>& step);
  // Runs `step` on the fake's own thread; false becomes "… has no living process …".
  Outcome Step(const std::string& id, const std::string& process,
               const std::function<bool(World&, const ContainerKey&)>& step);

  const std::unique_ptr<BehaviourTable> behaviours_;
  std::string directory_;
  std::string socket_path_;
  std::unique_ptr<Inside> inside_;
};

}  // namespace fake_containerd
