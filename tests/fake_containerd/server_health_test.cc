// grpc.health.v1 of the fake through its generated stub and through the client's port: what it
// says, and that whatever a plan or a hold does to it reaches the client.
#include "fake_containerd/server_health.h"

#include <future>
#include <optional>

#include <gmock/gmock.h>
#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include "fake_containerd/fake_containerd.h"
#include "health_v1.grpc.pb.h"
#include "libcontainerd/blocking_client.h"
#include "libcontainerd/grpc_containerd_api.h"
#include "libcontainerd/threaded_runtime.h"

namespace fake_containerd {
namespace {

namespace health = grpc::health::v1;
using libcontainerd::Duration;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kPatience = seconds(30);

std::shared_ptr<grpc::Channel> ChannelTo(const FakeContainerd& fake) {
  return grpc::CreateChannel("unix:" + fake.socket_path(), grpc::InsecureChannelCredentials());
}

void Prepare(grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  context.set_wait_for_ready(true);
}

// "SERVING", or "5 unknown service".
std::string Checked(health::Health::Stub& stub, const std::string& service = "") {
  grpc::ClientContext context;
  Prepare(context);
  health::HealthCheckRequest request;
  request.set_service(service);
  health::HealthCheckResponse response;
  const grpc::Status status = stub.Check(&context, request, &response);
  if (!status.ok()) return std::to_string(status.error_code()) + " " + status.error_message();
  return health::HealthCheckResponse::ServingStatus_Name(response.status());
}

TEST(Health, KnowsTheServerAsAWholeAndNothingElse) {
  FakeContainerd fake;
  ASSERT_TRUE(fake.Start());
  const auto stub = health::Health::NewStub(ChannelTo(fake));
  EXPECT_EQ(Checked(*stub), "SERVING");
  EXPECT_EQ(Checked(*stub, "types.API"), "5 unknown service");
  fake.StopDaemon();
  EXPECT_EQ(Checked(*stub), "14 connection refused");
}

TEST(Health, IsNotGrpcsOwnWhoeverAskedForThat) {
  grpc::EnableDefaultHealthCheckService(true);
  FakeContainerd fake;
  ASSERT_TRUE(fake.Start({.faults = "rpc.Health.received=error(ABORTED:ours)"}));
  grpc::EnableDefaultHealthCheckService(false);
  EXPECT_EQ(Checked(*health::Health::NewStub(ChannelTo(fake))), "10 ours");
}

TEST(Health, AWatchIsToldOnceAndEndsWhenTheDaemonDoes) {
  libcontainerd::SteppableClock clock;
  FakeContainerd fake;
  ASSERT_TRUE(fake.Start({.clock = &clock}));
  const auto stub = health::Health::NewStub(ChannelTo(fake));
  grpc::ClientContext context;
  Prepare(context);
  const auto reader = stub->Watch(&context, health::HealthCheckRequest());
  health::HealthCheckResponse response;
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.status(), health::HealthCheckResponse::SERVING);
  EXPECT_TRUE(fake.daemon_running());  // a step behind the one that set the timer
  clock.AdvanceBy(seconds(1));
  fake.StopDaemon();
  EXPECT_FALSE(fake.daemon_running());
  clock.AdvanceBy(seconds(1));
  EXPECT_FALSE(reader->Read(&response));
  const grpc::Status ended = reader->Finish();
  EXPECT_EQ(ended.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ended.error_message(), "connection refused");
}

TEST(Health, AWatchOfAnUnknownServiceWaits) {
  FakeContainerd fake;
  ASSERT_TRUE(fake.Start());
  const auto stub = health::Health::NewStub(ChannelTo(fake));
  grpc::ClientContext context;
  Prepare(context);
  health::HealthCheckRequest request;
  request.set_service("x");
  const auto reader = stub->Watch(&context, request);
  health::HealthCheckResponse response;
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.status(), health::HealthCheckResponse::SERVICE_UNKNOWN);
  context.TryCancel();
  EXPECT_FALSE(reader->Read(&response));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST(Health, WatchesDoNotKeepTheFakeFromStopping) {
  FakeContainerd fake;
  ASSERT_TRUE(fake.Start({.holds = {"rpc.Health.executed"}}));
  const auto stub = health::Health::NewStub(ChannelTo(fake));
  grpc::ClientContext held;
  Prepare(held);
  const auto held_watch = stub->Watch(&held, health::HealthCheckRequest());
  ASSERT_TRUE(fake.WaitForHeld("rpc.Health.executed"));
  fake.ReleaseAll();
  health::HealthCheckResponse response;
  ASSERT_TRUE(held_watch->Read(&response));
  ASSERT_TRUE(fake.Hold("rpc.Health.received"));
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<health::HealthCheckResponse>>> watches;
  constexpr std::size_t kWatches = 5;
  for (std::size_t i = 0; i < kWatches; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    Prepare(*contexts.back());
    watches.push_back(stub->Watch(contexts.back().get(), health::HealthCheckRequest()));
  }
  ASSERT_TRUE(fake.WaitForHeld("rpc.Health.received", kWatches));
  EXPECT_TRUE(fake.Stop());
  for (const auto& watch : watches) {
    EXPECT_FALSE(watch->Read(&response));
    EXPECT_FALSE(watch->Finish().ok());
  }
  while (held_watch->Read(&response)) {
  }
  EXPECT_FALSE(held_watch->Finish().ok());
}

// Through the port that the client's supervisor uses; over a socket and within the process.
class HealthOverTransports : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    ASSERT_TRUE(fake_.Start({.socket = GetParam()}));
    api_ = GetParam() ? std::move(*libcontainerd::ConnectUnixSocket(runtime_, fake_.socket_path()))
                      : libcontainerd::ConnectChannel(runtime_, fake_.InProcessChannel());
    EXPECT_EQ(Check(), "OK");  // connected
  }
  void TearDown() override {
    api_.reset();
    runtime_.Drain();
    EXPECT_TRUE(fake_.Stop());
  }
  std::string Check(Duration timeout = kPatience) {
    const auto checked = libcontainerd::WaitFor(runtime_, api_->CheckHealth(timeout));
    if (checked) return "OK";
    return std::string(ErrorCodeName(checked.error().code)) + ": " + checked.error().message;
  }

  FakeContainerd fake_;
  libcontainerd::ThreadedRuntime runtime_;
  std::unique_ptr<libcontainerd::ContainerdApi> api_;
};
INSTANTIATE_TEST_SUITE_P(Transports, HealthOverTransports, testing::Bool(),
                         [](const testing::TestParamInfo<bool>& socket) {
                           return std::string(socket.param ? "Socket" : "InProcess");
                         });

TEST_P(HealthOverTransports, FailsAndIsLostAsThePlanSays) {
  ASSERT_TRUE(fake_.SetFaults(
      "rpc.Health.received=1*error(UNAVAILABLE:transport is closing)->1*drop->1*off->1*drop"));
  EXPECT_EQ(Check(), "UNAVAILABLE: transport is closing");
  EXPECT_EQ(Check(milliseconds(30)), "DEADLINE_EXCEEDED: context deadline exceeded");
  EXPECT_EQ(Check(), "OK");
  EXPECT_EQ(Check(milliseconds(30)), "DEADLINE_EXCEEDED: context deadline exceeded");
  EXPECT_EQ(Check(), "OK");
  EXPECT_TRUE(fake_.WaitForFired("rpc.Health.received", 3));
}

TEST_P(HealthOverTransports, IsHeldUntilItIsReleased) {
  for (const std::string point : {"rpc.Health.received", "rpc.Health.executed"}) {
    ASSERT_TRUE(fake_.Hold(point));
    auto checking = std::async(std::launch::async, [this] { return Check(); });
    ASSERT_TRUE(fake_.WaitForHeld(point));
    EXPECT_EQ(checking.wait_for(milliseconds(0)), std::future_status::timeout);
    ASSERT_TRUE(fake_.Release(point));
    EXPECT_EQ(checking.get(), "OK");
  }
}

TEST_P(HealthOverTransports, WhatIsGivenUpWhileItIsHeldLeavesNothing) {
  ASSERT_TRUE(fake_.Hold("rpc.Health.received"));
  EXPECT_EQ(Check(milliseconds(20)), "DEADLINE_EXCEEDED: context deadline exceeded");
  ASSERT_TRUE(fake_.WaitForHeld("rpc.Health.received"));
  fake_.ReleaseAll();
  EXPECT_EQ(Check(), "OK");
}

TEST_P(HealthOverTransports, ADaemonThatPanicsAtACheckStaysAwayUntilItIsStarted) {
  ASSERT_TRUE(fake_.SetFaults("rpc.Health.executed=1*panic"));
  EXPECT_EQ(Check(), "UNAVAILABLE: transport is closing");
  ASSERT_TRUE(fake_.WaitForDaemon(false));
  EXPECT_EQ(Check(), "UNAVAILABLE: connection refused");
  ASSERT_TRUE(fake_.StartDaemon());
  EXPECT_EQ(Check(), "OK");
}

TEST_P(HealthOverTransports, FailsForAsLongAsAStartIsHeld) {
  ASSERT_TRUE(fake_.Hold("daemon.start"));
  ASSERT_TRUE(fake_.RestartDaemon());
  EXPECT_EQ(Check(), "UNAVAILABLE: connection refused");
  ASSERT_TRUE(fake_.Release("daemon.start"));
  ASSERT_TRUE(fake_.WaitForDaemon(true));
  EXPECT_EQ(Check(), "OK");
}

}  // namespace
}  // namespace fake_containerd
