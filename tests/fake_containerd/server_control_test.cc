// drydock.control.v1 through its generated stub, over real sockets: to a fake in this process, and
// to the program.
#include "fake_containerd/server_control.h"

#include <atomic>
#include <fstream>
#include <functional>
#include <future>
#include <set>
#include <sstream>
#include <thread>

#include <sys/stat.h>

#include <gmock/gmock.h>
#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include "control_v1.grpc.pb.h"
#include "scenarios/journal.h"
#include "tests/fake_containerd/child_daemon.h"
#include "tests/fake_containerd/mini_engine.h"

namespace fake_containerd {
namespace {

namespace pb = drydock::control::v1;
using ::testing::HasSubstr;
using Stub = std::unique_ptr<pb::Control::Stub>;

std::shared_ptr<grpc::Channel> ChannelTo(const std::string& socket) {
  return grpc::CreateChannel("unix:" + socket, grpc::InsecureChannelCredentials());
}

// A call that may take a while, but not for ever.
class Call {
 public:
  Call() {
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    context_.set_wait_for_ready(true);
  }
  operator grpc::ClientContext*() { return &context_; }  // NOLINT(google-explicit-constructor)

 private:
  grpc::ClientContext context_;
};

std::string Load(pb::Control::Stub& stub, const std::string& json, const std::string& name = "") {
  pb::LoadScriptRequest request;
  request.set_json(json);
  request.set_name(name);
  pb::LoadScriptResponse response;
  return stub.LoadScript(Call(), request, &response).error_message();
}

grpc::Status Wait(pb::Control::Stub& stub, const pb::WaitForRequest& request) {
  pb::WaitForResponse response;
  return stub.WaitFor(Call(), request, &response);
}

pb::WaitForRequest ForRunning(const std::string& id) {
  pb::WaitForRequest request;
  request.mutable_running()->set_id(id);
  return request;
}

pb::WaitForRequest ForExit(const std::string& id) {
  pb::WaitForRequest request;
  request.mutable_exit_told()->set_id(id);
  return request;
}

// A whole life of a container, seen through the control service.
void DriveOneLife(pb::Control::Stub& stub, const std::string& socket,
                  const std::string& state_dir) {
  EXPECT_EQ(Load(stub, R"({"behaviours": [
      {"id": "web", "behaviour": "write=hello\\n; cue=go; exit=3"}]})"),
            "");
  MiniEngine engine(socket, state_dir);
  pb::WaitForRequest subscribed;
  subscribed.set_subscribers(1);
  EXPECT_TRUE(Wait(stub, subscribed).ok());
  ASSERT_TRUE(engine.Run("web"));
  EXPECT_TRUE(Wait(stub, ForRunning("web")).ok());
  pb::GetInfoResponse info;
  EXPECT_TRUE(stub.GetInfo(Call(), {}, &info).ok());
  EXPECT_EQ(info.containers(), 1U);
  EXPECT_GE(info.subscribers(), 1U);
  EXPECT_EQ(info.api_version(), "0.2.3");

  EXPECT_EQ(Load(stub, R"({"steps": [{"do": "cue", "id": "web", "name": "go"}]})"), "");
  EXPECT_TRUE(Wait(stub, ForExit("web")).ok());
  EXPECT_EQ(engine.WaitForExit("web"), "exit 3");
  EXPECT_EQ(engine.OutputOf("web"), "hello\n");
}

class ControlTest : public testing::Test {
 protected:
  void SetUp() override {
    FakeContainerdOptions options;
    options.directory = directory_.path().string();
    options.control_socket = (directory_.path() / "control.sock").string();
    const auto started = fake_.Start(options);
    ASSERT_TRUE(started) << started.error().message;
    stub_ = pb::Control::NewStub(ChannelTo(options.control_socket));
  }
  void TearDown() override {
    stub_.reset();
    EXPECT_TRUE(fake_.Stop());
  }
  std::string control_socket() const { return (directory_.path() / "control.sock").string(); }

  TemporaryDirectory directory_;
  FakeContainerd fake_;
  Stub stub_;
};

TEST_F(ControlTest, DrivesAFakeInThisProcess) {
  DriveOneLife(*stub_, fake_.socket_path(), directory_.path().string());
}

TEST(ControlOfAProgram, DrivesItAndItEndsWell) {
  ChildDaemon daemon;
  const Stub stub = pb::Control::NewStub(ChannelTo(daemon.control_socket()));
  std::filesystem::create_directory(daemon.path("engine"));
  DriveOneLife(*stub, daemon.socket(), daemon.path("engine"));
  EXPECT_EQ(daemon.Stop(), 0);
  EXPECT_FALSE(std::filesystem::exists(daemon.control_socket()));
  EXPECT_FALSE(std::filesystem::exists(daemon.socket()));
}

TEST_F(ControlTest, TheSocketIsPrivateAndGoesWithTheFake) {
  struct stat found {};
  ASSERT_EQ(::lstat(control_socket().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
  EXPECT_TRUE(fake_.Stop());
  EXPECT_NE(::lstat(control_socket().c_str(), &found), 0);
}

TEST_F(ControlTest, SaysWhatIsWrong) {
  EXPECT_EQ(Load(*stub_, "{\n \"choices\": {\n  \"gap\": 3}}", "x.json"),
            "x.json:3:10: choices.gap is no string");
  pb::EmitRequest emit;
  emit.set_type("tea");
  pb::EmitResponse emitted;
  const grpc::Status refused = stub_->Emit(Call(), emit, &emitted);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(refused.error_message(), "type: \"tea\" is no event");
  emit.set_type("exit");
  emit.mutable_timestamp()->set_nanos(-1);
  EXPECT_EQ(stub_->Emit(Call(), emit, &emitted).error_message(), "timestamp: out of range");
  EXPECT_EQ(Wait(*stub_, {}).error_message(), "condition: missing, expected one");
  pb::WaitForRequest wait = ForRunning("nobody");
  wait.set_timeout_ms(1);
  const grpc::Status waited = Wait(*stub_, wait);
  EXPECT_EQ(waited.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_THAT(waited.error_message(), HasSubstr("container nobody did not run within"));
}

TEST_F(ControlTest, EmitsWhateverItIsTold) {
  pb::EmitRequest emit;
  emit.set_type("exit");
  emit.set_id("ghost");
  emit.set_process("init");
  emit.set_status(7);
  emit.mutable_timestamp()->set_seconds(1475625600);
  pb::EmitResponse emitted;
  ASSERT_TRUE(stub_->Emit(Call(), emit, &emitted).ok());
  pb::WaitForRequest wait;
  wait.mutable_event()->set_type("exit");
  wait.mutable_event()->set_id("ghost");
  ASSERT_TRUE(Wait(*stub_, wait).ok());
  const auto events = fake_.Events();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].status, 7U);
  EXPECT_EQ(events[0].time, WallTime(std::chrono::seconds(1475625600)));
}

TEST_F(ControlTest, AFollowerSeesTheWholeJournal) {
  {
    MiniEngine engine(fake_.socket_path(), directory_.path().string());
    ASSERT_TRUE(engine.Run("web"));
    ASSERT_TRUE(fake_.ExitInit("web", 3));
    ASSERT_TRUE(fake_.WaitForExit("web"));
  }
  Call call;
  auto reader = stub_->FollowJournal(call, {});
  std::string lines;
  pb::JournalEntry entry;
  std::uint64_t seq = 0;
  bool saw_exit = false;
  while (!saw_exit && reader->Read(&entry)) {
    EXPECT_EQ(entry.seq(), ++seq);
    lines += entry.json() + "\n";
    saw_exit = entry.json().find("\"event_emitted\",\"what\":\"exit\"") != std::string::npos;
  }
  EXPECT_TRUE(saw_exit);
  // And what comes later.
  fake_.Emit({.kind = EventKind::kOom, .container = {.id = "later"}});
  bool saw_later = false;
  while (!saw_later && reader->Read(&entry)) {
    EXPECT_EQ(entry.seq(), ++seq);
    lines += entry.json() + "\n";
    saw_later = entry.json().find("\"later\"") != std::string::npos;
  }
  EXPECT_TRUE(saw_later);
  static_cast<grpc::ClientContext*>(call)->TryCancel();
  static_cast<void>(reader->Finish());
  scenarios::Journal journal;
  std::istringstream in(lines);
  const auto read = scenarios::ReadJournal(in, "followed", journal);
  EXPECT_TRUE(read) << read.error().message;
}

// Created and nobody told; then a fault; then step by step. In this process and in the program.
void HoldAndBreak(pb::Control::Stub& stub, const std::string& socket,
                  const std::string& state_dir) {
  pb::HoldRequest hold;
  pb::HoldResponse held;
  hold.set_point("rpc.CreateContainer.executedd");
  EXPECT_EQ(stub.Hold(Call(), hold, &held).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  hold.set_point("rpc.CreateContainer.executed@web");
  ASSERT_TRUE(stub.Hold(Call(), hold, &held).ok());
  MiniEngine engine(socket, state_dir);
  std::thread runner([&] { EXPECT_TRUE(engine.Run("web")); });
  pb::WaitForRequest wait;
  wait.mutable_held()->set_point(hold.point());
  EXPECT_TRUE(Wait(stub, wait).ok());
  pb::GetInfoResponse info;
  EXPECT_TRUE(stub.GetInfo(Call(), {}, &info).ok());
  EXPECT_GT(info.points_size(), 20);
  EXPECT_EQ(info.held_size(), 1);
  pb::ReleaseRequest release;
  release.set_point(hold.point());
  pb::ReleaseResponse released;
  EXPECT_TRUE(stub.Release(Call(), release, &released).ok());
  runner.join();

  pb::SetFaultsRequest faults;
  faults.set_plan("rpc.CreateContainer.received=1*error(UNAVAILABLE:busy)");
  pb::SetFaultsResponse set;
  ASSERT_TRUE(stub.SetFaults(Call(), faults, &set).ok());
  EXPECT_FALSE(engine.Run("other"));
  wait.mutable_fired()->set_point("rpc.CreateContainer.received");
  EXPECT_TRUE(Wait(stub, wait).ok());
  EXPECT_TRUE(engine.Run("third"));  // what became of the other its client does not know
  faults.set_plan("rpc.CreateContainer.received=1*brew(tea)");
  EXPECT_EQ(stub.SetFaults(Call(), faults, &set).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  faults.set_plan("");
  EXPECT_TRUE(stub.SetFaults(Call(), faults, &set).ok());

  pb::StepRequest step;
  step.set_begin(true);
  pb::StepResponse stepped;
  ASSERT_TRUE(stub.Step(Call(), step, &stepped).ok());
  EXPECT_EQ(Load(stub, R"({"steps": [{"do": "exit", "id": "web", "code": 3}]})"), "");
  step.set_begin(false);
  step.set_count(1);
  while (stub.Step(Call(), step, &stepped).ok() && stepped.stepped() == 0) {
  }
  EXPECT_EQ(engine.WaitForExit("web"), "exit 3");
  release.clear_point();
  EXPECT_TRUE(stub.Release(Call(), release, &released).ok());
}

TEST_F(ControlTest, HoldsAndBreaks) {
  HoldAndBreak(*stub_, fake_.socket_path(), directory_.path().string());
}

TEST(ControlOfAProgram, HoldsAndBreaks) {
  ChildDaemon daemon({"--seed", "7", "--fault", "rpc.Stats.received=1*error(x)", "--journal"});
  const Stub stub = pb::Control::NewStub(ChannelTo(daemon.control_socket()));
  std::filesystem::create_directory(daemon.path("engine"));
  HoldAndBreak(*stub, daemon.socket(), daemon.path("engine"));
  EXPECT_EQ(daemon.Stop(), 0);
  scenarios::Journal journal;
  std::ifstream in(daemon.path("run.jsonl"));
  const auto read = scenarios::ReadJournal(in, "run.jsonl", journal);
  EXPECT_TRUE(read) << read.error().message;
  std::set<std::string> kinds;
  for (const scenarios::Entry& entry : journal.entries()) {
    kinds.emplace(EntryKindName(entry.kind));
  }
  EXPECT_THAT(kinds, ::testing::IsSupersetOf({"held", "released", "fault_fired", "rpc_begin",
                                              "rpc_end", "event_emitted"}));
}

TEST_F(ControlTest, ResetKillsAndForgets) {
  ASSERT_EQ(Load(*stub_, R"({"behaviours": [{"behaviour": "ignore=TERM"}],
                             "choices": {"checkpoint_tool": true},
                             "steps": [{"after": "1h", "do": "oom", "id": "web"},
                                       {"do": "hold-events"}]})"),
            "");
  MiniEngine engine(fake_.socket_path(), directory_.path().string());
  ASSERT_TRUE(engine.Run("web"));
  pb::ResetResponse response;
  ASSERT_TRUE(stub_->Reset(Call(), {}, &response).ok());
  EXPECT_EQ(engine.WaitForExit("web"), "exit 137");
  ASSERT_TRUE(engine.Run("other"));
  ASSERT_TRUE(fake_.KillProcess("other", "init", 15));
  EXPECT_EQ(engine.WaitForExit("other"), "exit 143");
}

TEST_F(ControlTest, AWaitThatIsCancelledMakesRoomForOthers) {
  constexpr std::size_t kMostCalls = 256;
  constexpr std::size_t kTooMany = 4;
  struct Waiting {
    grpc::ClientContext context;
    pb::WaitForResponse response;
    std::promise<grpc::StatusCode> ended;
  };
  pb::WaitForRequest request = ForRunning("never");
  request.set_timeout_ms(3'600'000);
  std::vector<std::unique_ptr<Waiting>> waits;
  std::atomic<std::size_t> refused = 0;
  for (std::size_t i = 0; i < kMostCalls + kTooMany; ++i) {
    waits.push_back(std::make_unique<Waiting>());
    Waiting& each = *waits.back();
    stub_->async()->WaitFor(&each.context, &request, &each.response,
                            [&each, &refused](const grpc::Status& status) {
                              if (status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED) {
                                ++refused;
                              }
                              each.ended.set_value(status.error_code());
                            });
  }
  const auto come_true = [](const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    bool held = holds();
    while (!held && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
      held = holds();
    }
    return held;
  };
  ASSERT_TRUE(come_true([&] { return refused == kTooMany; }));
  const auto told = [this] {
    pb::GetInfoResponse info;
    return stub_->GetInfo(Call(), {}, &info).error_code();
  };
  EXPECT_EQ(told(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  for (const auto& each : waits) each->context.TryCancel();
  std::size_t cancelled = 0;
  for (const auto& each : waits) {
    cancelled += each->ended.get_future().get() == grpc::StatusCode::CANCELLED ? 1 : 0;
  }
  EXPECT_EQ(cancelled, kMostCalls);
  EXPECT_TRUE(come_true([&] { return told() == grpc::StatusCode::OK; }));
}

TEST_F(ControlTest, TellsWhetherTheDaemonRuns) {
  pb::GetInfoResponse info;
  ASSERT_TRUE(stub_->GetInfo(Call(), {}, &info).ok());
  EXPECT_TRUE(info.daemon_running());
  EXPECT_EQ(Load(*stub_, R"({"steps": [{"do": "stop-daemon"}]})"), "");
  pb::WaitForRequest wait;
  wait.set_daemon_running(false);
  EXPECT_TRUE(Wait(*stub_, wait).ok());
  ASSERT_TRUE(stub_->GetInfo(Call(), {}, &info).ok());
  EXPECT_FALSE(info.daemon_running());
  wait.set_daemon_running(true);
  wait.set_timeout_ms(1);
  EXPECT_EQ(Wait(*stub_, wait).error_message(), "the daemon did not start within 0 s");
  EXPECT_EQ(Load(*stub_, R"({"steps": [{"do": "start-daemon"}]})"), "");
  wait.set_timeout_ms(0);
  EXPECT_TRUE(Wait(*stub_, wait).ok());
}

// As by SIGKILL: the next one finds what was left.
TEST(ControlOfAProgram, APanicEndsItAndTheNextOneRecovers) {
  ChildDaemon daemon({"--fault", "rpc.Signal.received@web=1*panic", "--journal"});
  std::filesystem::create_directory(daemon.path("engine"));
  MiniEngine engine(daemon.socket(), daemon.path("engine"));
  ASSERT_TRUE(engine.Run("web"));
  EXPECT_FALSE(engine.client().Signal("web", 15));
  EXPECT_EQ(daemon.WaitForEnd(), 2);
  EXPECT_TRUE(daemon.WaitForOutput(
      "fake-containerd: panic: the fault plan says so, rpc.Signal.received=1*panic\n"));
  EXPECT_TRUE(std::filesystem::exists(daemon.path("state/web/state.json")));
  EXPECT_TRUE(std::filesystem::exists(daemon.socket()));
  scenarios::Journal journal;
  std::ifstream in(daemon.path("run.jsonl"));
  const auto read = scenarios::ReadJournal(in, "run.jsonl", journal);
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_FALSE(journal.entries().empty());
  EXPECT_EQ(EntryKindName(journal.entries().back().kind), "fault_fired");

  daemon.Start({});
  EXPECT_EQ(engine.WaitForExit("web"), "exit 255");
  EXPECT_FALSE(std::filesystem::exists(daemon.path("state/web")));
  EXPECT_TRUE(engine.Run("other"));
  EXPECT_EQ(daemon.Stop(), 0);
}

TEST(ControlOfAProgram, ItsFirstStartCanBeHeld) {
  ChildDaemon daemon({"--hold", "daemon.start", "--choices", "drawn", "--seed", "5"});
  const Stub stub = pb::Control::NewStub(ChannelTo(daemon.control_socket()));
  pb::GetInfoResponse info;
  ASSERT_TRUE(stub->GetInfo(Call(), {}, &info).ok());
  EXPECT_FALSE(info.daemon_running());
  ASSERT_EQ(info.held_size(), 1);
  EXPECT_EQ(info.held(0).point(), "daemon.start");
  pb::ReleaseRequest release;
  release.set_point("daemon.start");
  pb::ReleaseResponse released;
  ASSERT_TRUE(stub->Release(Call(), release, &released).ok());
  pb::WaitForRequest wait;
  wait.set_daemon_running(true);
  EXPECT_TRUE(Wait(*stub, wait).ok());
  std::filesystem::create_directory(daemon.path("engine"));
  DriveOneLife(*stub, daemon.socket(), daemon.path("engine"));
  EXPECT_EQ(daemon.Stop(), 0);
}

TEST(ControlOfAProgram, WithoutARelayFaultsOfConnectionsAreRefused) {
  ChildDaemon daemon({"--no-relay"});
  const Stub stub = pb::Control::NewStub(ChannelTo(daemon.control_socket()));
  pb::SetFaultsRequest faults;
  faults.set_plan("connection.data=1*reset");
  pb::SetFaultsResponse set;
  EXPECT_EQ(stub->SetFaults(Call(), faults, &set).error_message(),
            "faults of connections need a socket and FakeContainerdOptions::relay");
  std::filesystem::create_directory(daemon.path("engine"));
  DriveOneLife(*stub, daemon.socket(), daemon.path("engine"));
  EXPECT_EQ(daemon.Stop(), 0);
}

TEST_F(ControlTest, WhoWaitsDoesNotKeepTheFakeFromStopping) {
  pb::WaitForRequest wait = ForRunning("never");
  wait.set_timeout_ms(3'600'000);
  std::thread waiter([&] { EXPECT_FALSE(Wait(*stub_, wait).ok()); });
  Call call;
  const auto reader = stub_->FollowJournal(call, {});
  reader->WaitForInitialMetadata();
  EXPECT_TRUE(fake_.Stop());
  pb::JournalEntry entry;
  while (reader->Read(&entry)) {
  }
  waiter.join();
  static_cast<void>(reader->Finish());
}

TEST_F(ControlTest, ASocketInUseStopsTheStart) {
  FakeContainerd second;
  FakeContainerdOptions options;
  options.control_socket = control_socket();
  const auto started = second.Start(options);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().message, "socket " + control_socket() + " is in use");
  EXPECT_FALSE(second.running());
}

// The reflection service answers in a message whose fields need no generated code to be looked
// through: the names of the services stand in it as they are.
std::string ListServices(const std::string& socket) {
  grpc::GenericStub stub(ChannelTo(socket));
  Call call;
  grpc::CompletionQueue queue;
  const auto stream = stub.PrepareCall(
      call, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  const auto next = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  std::string text;
  stream->StartCall(nullptr);
  if (!next()) return text;
  const std::string list_services = {0x3a, 0x01, '*'};  // field 7, a string
  const grpc::Slice slice(list_services);
  stream->Write(grpc::ByteBuffer(&slice, 1), nullptr);
  grpc::ByteBuffer answer;
  if (next()) {
    stream->Read(&answer, nullptr);
    if (next()) {
      std::vector<grpc::Slice> slices;
      static_cast<void>(answer.Dump(&slices));
      for (const grpc::Slice& each : slices) {
        text.append(reinterpret_cast<const char*>(each.begin()), each.size());
      }
    }
  }
  static_cast<grpc::ClientContext*>(call)->TryCancel();
  grpc::Status status;
  stream->Finish(&status, nullptr);
  static_cast<void>(next());
  queue.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue.Next(&tag, &ok)) {
  }
  return text;
}

TEST_F(ControlTest, BothServersSayWhatTheyServe) {
  EXPECT_THAT(ListServices(control_socket()), HasSubstr("drydock.control.v1.Control"));
  EXPECT_THAT(ListServices(fake_.socket_path()), HasSubstr("types.API"));
  EXPECT_THAT(ListServices(fake_.socket_path()), HasSubstr("grpc.health.v1.Health"));
}

}  // namespace
}  // namespace fake_containerd
