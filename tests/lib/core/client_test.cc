// What only a caller on the executor can do to the client.
#include "libcontainerd/client.h"

#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libcontainerd/memory_world.h"
#include "libcontainerd/simulated_runtime.h"
#include "tests/lib/core/no_backend.h"

namespace libcontainerd {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

class NoApi final : public ContainerdApi {
 public:
  Awaitable<Status> Unary(Method, const google::protobuf::Message&, google::protobuf::Message&,
                          Duration) override {
    ADD_FAILURE() << "a request after Close";
    co_return Status();
  }
  std::unique_ptr<EventStream> Events(types::EventsRequest, EventSink&) override { return nullptr; }
  Awaitable<Status> CheckHealth(Duration) override { co_return Status(); }
};

template <class T>
Awaitable<void> Keep(Awaitable<Result<T>> call, std::vector<Error>* errors) {
  Result<T> result = co_await std::move(call);
  errors->push_back(result ? Error{ErrorCode::kOk, "OK"} : result.error());
}

Awaitable<void> CloseAndDestroy(std::unique_ptr<Client>* client) {
  co_await (*client)->Close();
  client->reset();
}

// Coroutines begin lazily: a call may be made before Close() and have its first step after it.
TEST(Client, ACallThatBeginsAfterTheClientIsGoneIsRefused) {
  SimulatedRuntime runtime(1);
  NoApi api;
  MemoryFifos fifos(runtime);
  MemoryBundleStore bundles(fifos, "/state");
  MemoryStdio stdio(runtime, fifos);
  test::NoBackend backend;
  auto client = std::make_unique<Client>(
      Client::Ports{.runtime = runtime, .api = api, .stdio = stdio, .bundles = bundles}, backend);
  auto create = client->Create("c1", "{}");
  auto add = client->AddProcess("c1", "e1", {});
  auto signal = client->Signal("c1", 9);
  auto pause = client->Pause("c1");
  auto resize = client->Resize("c1", "init", 1, 1);
  auto update = client->UpdateResources("c1", {});
  auto stats = client->Stats("c1");
  auto pids = client->GetPidsForContainer("c1");
  auto checkpoint = client->CreateCheckpoint("c1", "a", "", false);
  auto erase = client->DeleteCheckpoint("c1", "a", "");
  auto list = client->ListCheckpoints("c1", "");
  auto version = client->GetServerVersion();
  Spawn(runtime, CloseAndDestroy(&client));
  runtime.Run();
  ASSERT_EQ(client, nullptr);
  std::vector<Error> errors;
  Spawn(runtime, Keep(std::move(create), &errors));
  Spawn(runtime, Keep(std::move(add), &errors));
  Spawn(runtime, Keep(std::move(signal), &errors));
  Spawn(runtime, Keep(std::move(pause), &errors));
  Spawn(runtime, Keep(std::move(resize), &errors));
  Spawn(runtime, Keep(std::move(update), &errors));
  Spawn(runtime, Keep(std::move(stats), &errors));
  Spawn(runtime, Keep(std::move(pids), &errors));
  Spawn(runtime, Keep(std::move(checkpoint), &errors));
  Spawn(runtime, Keep(std::move(erase), &errors));
  Spawn(runtime, Keep(std::move(list), &errors));
  Spawn(runtime, Keep(std::move(version), &errors));
  runtime.Run();
  ASSERT_EQ(errors.size(), 12U);
  for (const Error& error : errors) {
    EXPECT_EQ(error, (Error{ErrorCode::kCancelled, "the client is closed"}));
  }
  EXPECT_EQ(runtime.failure(), nullptr);
}

// Answers all but the closing of a stdin.
class NoClosingApi final : public ContainerdApi {
 public:
  explicit NoClosingApi(Runtime& runtime) : answer(std::make_shared<OneShot<Unit>>(runtime)) {}
  Awaitable<Status> Unary(Method method, const google::protobuf::Message&,
                          google::protobuf::Message&, Duration) override {
    const auto late = answer;
    if (method == Method::kUpdateProcess) co_await late->Wait();
    co_return Status();
  }
  std::unique_ptr<EventStream> Events(types::EventsRequest, EventSink&) override { return nullptr; }
  Awaitable<Status> CheckHealth(Duration) override { co_return Status(); }

  const std::shared_ptr<OneShot<Unit>> answer;
};

class PipeKeeper final : public Backend {
 public:
  void StateChanged(const std::string&, const StateInfo&, Done done) override { done(Status()); }
  void AttachStreams(const std::string&, const std::string&, IoPipe given, Done done) override {
    pipe = std::move(given);
    done(Status());
  }
  IoPipe pipe;
};

Awaitable<void> Record(Awaitable<Status> call, std::string name, std::vector<std::string>* ended) {
  const Status status = co_await std::move(call);
  ended->push_back(name + (status ? " OK" : " " + status.error().message));
}

Awaitable<void> CloseAndRecord(std::unique_ptr<Client>* client, std::vector<std::string>* ended) {
  co_await (*client)->Close();
  client->reset();
  ended->push_back("client");
}

Awaitable<void> CloseOnly(Client* client, std::string name, std::vector<std::string>* ended) {
  co_await client->Close();
  ended->push_back(std::move(name));
}

// A client with a container whose stdin is being closed: the daemon has not answered that yet.
class ClosingClient : public ::testing::Test {
 protected:
  ClosingClient() {
    Spawn(runtime_, Record(client_->Create("c1", "{}"), "create", &ended_));
    runtime_.RunUntil([&] { return !ended_.empty(); }, std::chrono::seconds(1));
    Spawn(runtime_, Record(backend_.pipe.in->Close(), "stdin", &ended_));
    runtime_.RunUntil([&] { return client_->LiveObjects() > 1; }, std::chrono::seconds(1));
  }

  SimulatedRuntime runtime_{1};
  NoClosingApi api_{runtime_};
  MemoryFifos fifos_{runtime_};
  MemoryBundleStore bundles_{fifos_, "/state"};
  MemoryStdio stdio_{runtime_, fifos_};
  PipeKeeper backend_;
  std::unique_ptr<Client> client_ = std::make_unique<Client>(
      Client::Ports{.runtime = runtime_, .api = api_, .stdio = stdio_, .bundles = bundles_},
      backend_);
  std::vector<std::string> ended_;
};

// An engine closes a stdin when it likes, even while it closes the client.
TEST_F(ClosingClient, WaitsForTheClosingOfAStdin) {
  EXPECT_EQ(client_->LiveObjects(), 2U);  // the container, and that call
  Spawn(runtime_, CloseAndRecord(&client_, &ended_));
  runtime_.RunUntil([&] { return client_ == nullptr; }, std::chrono::seconds(1));
  api_.answer->Set(Unit());
  runtime_.Run();
  EXPECT_THAT(ended_, ElementsAre("create OK", "stdin the client is closed", "client"));
  EXPECT_EQ(runtime_.failure(), nullptr);
}

TEST_F(ClosingClient, EachOfSeveralClosesWaitsForTheEnd) {
  ended_.clear();
  Spawn(runtime_, CloseOnly(client_.get(), "first", &ended_));
  Spawn(runtime_, CloseOnly(client_.get(), "second", &ended_));
  runtime_.Run();
  EXPECT_THAT(ended_, UnorderedElementsAre("stdin the client is closed", "first", "second"));
  Spawn(runtime_, CloseOnly(client_.get(), "third", &ended_));
  runtime_.Run();
  EXPECT_EQ(ended_.back(), "third");
}

// A daemon that answers, but not about the container that it was asked about.
TEST(Client, PidsOfAnotherContainerAreRefused) {
  SimulatedRuntime runtime(1);
  NoClosingApi api(runtime);
  MemoryFifos fifos(runtime);
  MemoryBundleStore bundles(fifos, "/state");
  MemoryStdio stdio(runtime, fifos);
  test::NoBackend backend;
  Client client({.runtime = runtime, .api = api, .stdio = stdio, .bundles = bundles}, backend);
  std::vector<Error> errors;
  Spawn(runtime, Keep(client.GetPidsForContainer("c1"), &errors));
  runtime.Run();
  EXPECT_THAT(errors, ElementsAre(Error{ErrorCode::kInternal, "invalid state response"}));
}

}  // namespace
}  // namespace libcontainerd
