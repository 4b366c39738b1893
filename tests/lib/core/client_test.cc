// What only a caller on the executor can do to the client.
#include "libcontainerd/client.h"

#include <optional>

#include <gtest/gtest.h>

#include "libcontainerd/memory_world.h"
#include "libcontainerd/simulated_runtime.h"

namespace libcontainerd {
namespace {

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

class NoBackend final : public Backend {
 public:
  void StateChanged(const std::string&, const StateInfo&, Done done) override { done(Status()); }
  void AttachStreams(const std::string&, const std::string&, IoPipe, Done done) override {
    done(Status());
  }
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
  NoBackend backend;
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

}  // namespace
}  // namespace libcontainerd
