#include "libcontainerd/grpc_containerd_api.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <list>
#include <thread>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <google/protobuf/util/message_differencer.h>
#include <grpcpp/channel.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include "fake_containerd/server.h"
#include "tests/lib/adapters/scripted_containerd_api.h"

namespace libcontainerd::test {
namespace {

using fake_containerd::Server;
using google::protobuf::Message;
using google::protobuf::util::MessageDifferencer;
using namespace std::chrono_literals;

constexpr Duration kTimeout = 30s;

enum class Transport : std::uint8_t { kSocket, kInProcess };

// A client and a server, each on its executor, under one clock that stands still until it is
// stepped.
class GrpcTest : public testing::Test {
 protected:
  ~GrpcTest() override {
    client_.reset();
    api_.Release();
    server_.Stop();
    EXPECT_EQ(directory_.Names(), std::vector<std::string>());
    EXPECT_FALSE(client_runtime_.failure());
    EXPECT_FALSE(server_runtime_.failure());
  }

  std::string socket() const { return directory_.File("containerd.sock"); }

  void StartServer() {
    const Status started = server_.Start(socket());
    ASSERT_TRUE(started) << Describe(started);
  }
  void Connect() {
    auto connected = ConnectUnixSocket(client_runtime_, socket());
    ASSERT_TRUE(connected) << Describe(connected);
    client_ = std::move(*connected);
  }

  template <class Request>
  Pending<Result<ResponseOf<Request>>> StartCall(Request request, Duration timeout = kTimeout) {
    return {client_runtime_, Call(*client_, std::move(request), timeout)};
  }
  template <class Request>
  Result<ResponseOf<Request>> CallNow(Request request) {
    return StartCall(std::move(request)).Get();
  }

  TemporaryDirectory directory_;
  SteppableClock clock_;
  ThreadedRuntime server_runtime_{&clock_};
  ThreadedRuntime client_runtime_{&clock_};
  ScriptedApi api_{server_runtime_};
  Server server_{server_runtime_, api_};
  std::unique_ptr<ContainerdApi> client_;
};

class BothTransports : public GrpcTest, public testing::WithParamInterface<Transport> {
 protected:
  void SetUp() override {
    if (GetParam() == Transport::kSocket) {
      StartServer();
      Connect();
    } else {
      ASSERT_TRUE(server_.StartInProcess());
      client_ = ConnectChannel(client_runtime_, server_.InProcessChannel());
    }
  }
};

INSTANTIATE_TEST_SUITE_P(, BothTransports,
                         testing::Values(Transport::kSocket, Transport::kInProcess),
                         [](const auto& instance) {
                           return instance.param == Transport::kSocket ? "Socket" : "InProcess";
                         });

// Sets every field, two elements where several fit, all with different values.
void FillMessage(Message& message, int& next);

void FillField(Message& message, const google::protobuf::FieldDescriptor& field, int& next) {
  const google::protobuf::Reflection& set = *message.GetReflection();
  using Field = google::protobuf::FieldDescriptor;
  const int value = ++next;
  const bool many = field.is_repeated();
  switch (field.cpp_type()) {
    case Field::CPPTYPE_STRING: {
      const std::string text = "täxt \n" + std::to_string(value);
      return many ? set.AddString(&message, &field, text) : set.SetString(&message, &field, text);
    }
    case Field::CPPTYPE_UINT32: {
      const auto number = static_cast<std::uint32_t>(value);
      return many ? set.AddUInt32(&message, &field, number)
                  : set.SetUInt32(&message, &field, number);
    }
    case Field::CPPTYPE_UINT64: {
      const auto number = static_cast<std::uint64_t>(value) << 33U;
      return many ? set.AddUInt64(&message, &field, number)
                  : set.SetUInt64(&message, &field, number);
    }
    case Field::CPPTYPE_INT32:
      return set.SetInt32(&message, &field, value);
    case Field::CPPTYPE_INT64:
      return set.SetInt64(&message, &field, -value);
    case Field::CPPTYPE_BOOL:
      return set.SetBool(&message, &field, true);
    case Field::CPPTYPE_MESSAGE:
      return FillMessage(
          many ? *set.AddMessage(&message, &field) : *set.MutableMessage(&message, &field), next);
    default:
      FAIL() << "a field type that the test does not know: " << field.full_name();
  }
}

void FillMessage(Message& message, int& next) {
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const auto& field = *message.GetDescriptor()->field(i);
    FillField(message, field, next);
    if (field.is_repeated()) FillField(message, field, next);
  }
}

// Calls `check` with a default request of each method.
template <class Check>
void ForEachMethod(Check check) {
  check(types::GetServerVersionRequest());
  check(types::CreateContainerRequest());
  check(types::UpdateContainerRequest());
  check(types::SignalRequest());
  check(types::UpdateProcessRequest());
  check(types::AddProcessRequest());
  check(types::CreateCheckpointRequest());
  check(types::DeleteCheckpointRequest());
  check(types::ListCheckpointRequest());
  check(types::StateRequest());
  check(types::StatsRequest());
}

TEST_P(BothTransports, EveryMethodCarriesItsRequestAndResponse) {
  int methods = 0;
  ForEachMethod([&]<class Request>(Request request) {
    SCOPED_TRACE(request.GetTypeName());
    int next = 0;
    FillMessage(request, next);
    ResponseOf<Request> expected;
    FillMessage(expected, next);
    Request received;
    std::optional<Method> called;
    api_.SetAnswer([&](Method method, const Message& message, Message& response) {
      called = method;
      received.CopyFrom(message);
      response.CopyFrom(expected);
      return Status();
    });
    const auto response = CallNow(request);
    ASSERT_TRUE(response) << Describe(response);
    EXPECT_EQ(called, MethodOf<Request>::kMethod);
    EXPECT_TRUE(MessageDifferencer::Equals(received, request)) << received.DebugString();
    EXPECT_TRUE(MessageDifferencer::Equals(*response, expected)) << response->DebugString();
    ++methods;
  });
  EXPECT_EQ(methods, kMethodCount);
}

TEST_P(BothTransports, EveryMethodCarriesEveryCodeAndItsText) {
  const std::string text = "exit status 1: \"container not paused\\n\"\n% 100 %25 – größer, 日本\t";
  ForEachMethod([&]<class Request>(Request request) {
    SCOPED_TRACE(request.GetTypeName());
    for (int code = 1; code <= 16; ++code) {
      const Error error{ErrorCodeFromNumber(code), text + std::to_string(code)};
      api_.SetAnswer([&](Method, const Message&, Message&) { return Status(Fail(error)); });
      const auto response = CallNow(request);
      ASSERT_FALSE(response);
      EXPECT_EQ(response.error(), error) << Describe(response);
    }
  });
}

TEST_P(BothTransports, AnErrorWithoutTextStaysWithoutText) {
  const Error error{ErrorCode::kUnknown, ""};
  api_.SetAnswer([&](Method, const Message&, Message&) { return Status(Fail(error)); });
  EXPECT_EQ(CallNow(types::StateRequest()).error(), error);
}

TEST_P(BothTransports, LongErrorTextsAndLargeAnswersPass) {
  const Error error{ErrorCode::kUnknown, std::string(100'000, 'x')};
  api_.SetAnswer([&](Method method, const Message&, Message& response) -> Status {
    if (method != Method::kState) return Fail(error);
    auto& state = static_cast<types::StateResponse&>(response);
    for (int i = 0; i < 30'000; ++i) state.add_containers()->set_bundlepath(std::string(400, 'b'));
    return {};
  });
  const auto failed = CallNow(types::StatsRequest());
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message.size(), error.message.size()) << Describe(failed).substr(0, 200);
  const auto large = CallNow(types::StateRequest());
  ASSERT_TRUE(large) << Describe(large);
  EXPECT_EQ(large->containers_size(), 30'000);
}

TEST_P(BothTransports, TheDeadlineIsTheClocks) {
  api_.Hold();
  auto call = StartCall(types::StateRequest(), 30s);
  ASSERT_TRUE(api_.WaitForCalls(1));
  clock_.AdvanceBy(30s - 1ns);
  client_runtime_.Drain();
  EXPECT_FALSE(call.done());

  clock_.AdvanceBy(1ns);
  EXPECT_EQ(Describe(call.Get()), "DEADLINE_EXCEEDED: context deadline exceeded");

  // The late reply harms nobody, and the connection is as good as before.
  api_.Release();
  EXPECT_EQ(Describe(CallNow(types::StateRequest())), "OK");
}

TEST_P(BothTransports, AReplyAtTheDeadlineIsEitherTheReplyOrTheDeadline) {
  for (int round = 0; round < 30; ++round) {
    api_.Hold();
    std::vector<Pending<Result<types::StateResponse>>> calls;
    for (int i = 0; i < 10; ++i) calls.push_back(StartCall(types::StateRequest(), 1s));
    ASSERT_TRUE(api_.WaitForCalls(10 * static_cast<std::size_t>(round + 1)));
    std::thread release([&] { api_.Release(); });
    clock_.AdvanceBy(1s);
    release.join();
    for (auto& call : calls) {
      const auto result = call.Get();
      EXPECT_TRUE(result || result.error().code == ErrorCode::kDeadlineExceeded)
          << Describe(result);
    }
  }
}

TEST_P(BothTransports, TenThousandEventsArriveInOrder) {
  RecordingSink sink;
  OpenStream stream(client_runtime_, *client_, sink);
  ASSERT_TRUE(api_.WaitForStreams(1, 0));
  std::uint32_t sent = 0;
  for (std::uint32_t burst = 1; sent < 10'000; burst = burst % 700 + 97) {
    const std::uint32_t count = std::min(burst, 10'000 - sent);
    api_.Emit(NumberedEvents(sent, count));
    sent += count;
  }
  ASSERT_TRUE(sink.WaitForEvents(10'000));
  const auto events = sink.events();
  for (std::uint32_t i = 0; i < 10'000; ++i) ASSERT_EQ(events[i].status(), i);
  EXPECT_LE(sink.bursts(), 10'000U);
  EXPECT_TRUE(sink.ends().empty());
}

TEST_P(BothTransports, SingleEventsAreNotHeldBack) {
  RecordingSink sink;
  OpenStream stream(client_runtime_, *client_, sink);
  ASSERT_TRUE(api_.WaitForStreams(1, 0));
  for (std::uint32_t i = 0; i < 50; ++i) {
    api_.Emit(NumberedEvents(i, 1));
    ASSERT_TRUE(sink.WaitForEvents(i + 1));
  }
}

TEST_P(BothTransports, EventsCarryTheirFieldsAndTheRequestIsPassedOn) {
  int next = 0;
  types::EventsRequest request;
  FillMessage(request, next);
  types::Event event;
  FillMessage(event, next);
  RecordingSink sink;
  OpenStream stream(client_runtime_, *client_, sink, request);
  ASSERT_TRUE(api_.WaitForStreams(1, 0));
  EXPECT_TRUE(MessageDifferencer::Equals(api_.last_events_request(), request));
  api_.Emit({event});
  ASSERT_TRUE(sink.WaitForEvents(1));
  EXPECT_TRUE(MessageDifferencer::Equals(sink.events().front(), event));
}

TEST_P(BothTransports, TheStreamsEndComesLastWithItsStatus) {
  const std::array<Status, 2> ends = {Status(),
                                      Fail(ErrorCode::kUnknown, "invalid parameter: ü\n")};
  std::size_t streams = 0;
  for (const Status& end : ends) {
    ++streams;
    RecordingSink sink;
    OpenStream stream(client_runtime_, *client_, sink);
    ASSERT_TRUE(api_.WaitForStreams(streams, 0));
    api_.Emit(NumberedEvents(0, 1000));
    api_.End(end);
    ASSERT_TRUE(sink.WaitForEnd());
    EXPECT_EQ(sink.events().size(), 1000U);
    EXPECT_EQ(Describe(sink.ends().front()), Describe(end));
    ASSERT_TRUE(api_.WaitForStreams(streams, streams));
  }
}

TEST_P(BothTransports, ClosingTheStreamWhileTheServerWritesSilencesIt) {
  for (std::size_t round = 1; round <= 10; ++round) {
    RecordingSink sink;
    OpenStream stream(client_runtime_, *client_, sink);
    ASSERT_TRUE(api_.WaitForStreams(round, round - 1));
    api_.Emit(NumberedEvents(0, 20'000));
    ASSERT_TRUE(sink.WaitForEvents(1));
    stream.Close();
    const std::size_t seen = sink.events().size();
    ASSERT_TRUE(api_.WaitForStreams(round, round));  // the server's side ends too
    client_runtime_.Drain();
    EXPECT_EQ(sink.events().size(), seen);
    EXPECT_TRUE(sink.ends().empty());
  }
}

TEST_P(BothTransports, ASinkMayCloseItsStream) {
  RecordingSink sink;
  OpenStream stream(client_runtime_, *client_, sink);
  ASSERT_TRUE(api_.WaitForStreams(1, 0));
  RunOn(client_runtime_, [&] { sink.after_events = [&] { stream.CloseHere(); }; });
  api_.Emit(NumberedEvents(0, 5000));
  ASSERT_TRUE(api_.WaitForStreams(1, 1));
  client_runtime_.Drain();
  EXPECT_EQ(sink.bursts(), 1U);
  EXPECT_TRUE(sink.ends().empty());
}

TEST_P(BothTransports, SeveralStreamsAndManyCallsShareTheConnection) {
  std::list<RecordingSink> sinks(5);
  std::list<OpenStream> streams;
  for (RecordingSink& sink : sinks) streams.emplace_back(client_runtime_, *client_, sink);
  ASSERT_TRUE(api_.WaitForStreams(5, 0));
  std::vector<Pending<Result<types::StateResponse>>> calls;
  for (std::uint32_t i = 0; i < 200; ++i) {
    calls.push_back(StartCall(types::StateRequest()));
    api_.Emit(NumberedEvents(i * 10, 10));
  }
  for (auto& call : calls) EXPECT_EQ(Describe(call.Get()), "OK");
  for (RecordingSink& sink : sinks) {
    ASSERT_TRUE(sink.WaitForEvents(2000));
    const auto events = sink.events();
    for (std::uint32_t i = 0; i < 2000; ++i) ASSERT_EQ(events[i].status(), i);
  }
}

TEST_P(BothTransports, DestroyingTheClientEndsWhatIsUnderWay) {
  api_.Hold();
  RecordingSink sink;
  OpenStream stream(client_runtime_, *client_, sink);
  ASSERT_TRUE(api_.WaitForStreams(1, 0));
  std::vector<Pending<Result<types::StateResponse>>> calls;
  for (int i = 0; i < 20; ++i) calls.push_back(StartCall(types::StateRequest()));
  ASSERT_TRUE(api_.WaitForCalls(10));  // the others are wherever they are
  api_.Emit(NumberedEvents(0, 3000));
  client_runtime_.Drain();
  client_.reset();
  for (auto& call : calls) EXPECT_EQ(call.Get().error().code, ErrorCode::kCancelled);
  ASSERT_TRUE(sink.WaitForEnd());
  EXPECT_EQ(sink.ends().front().error().code, ErrorCode::kCancelled);
  ASSERT_TRUE(api_.WaitForStreams(1, 1));
}

TEST_P(BothTransports, TheClientMayBeDestroyedOnItsExecutor) {
  api_.Hold();
  auto call = StartCall(types::StateRequest());
  ASSERT_TRUE(api_.WaitForCalls(1));
  RunOn(client_runtime_, [&] { client_.reset(); });
  EXPECT_EQ(call.Get().error().code, ErrorCode::kCancelled);
}

TEST_P(BothTransports, Health) {
  api_.Hold();  // a stalled daemon is healthy
  EXPECT_EQ(Describe(Await(client_runtime_, client_->CheckHealth(3s))), "OK");
}

TEST_F(GrpcTest, HealthOfAServerThatDoesNotServe) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  // A server without any service needs a queue.
  const auto queue = builder.AddCompletionQueue();
  const auto other = builder.BuildAndStart();
  other->GetHealthCheckService()->SetServingStatus(false);
  client_ = ConnectChannel(client_runtime_, other->InProcessChannel({}));
  EXPECT_EQ(Describe(Await(client_runtime_, client_->CheckHealth(3s))),
            "UNAVAILABLE: health check: not serving (2)");
  client_.reset();
  other->Shutdown();
  queue->Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue->Next(&tag, &ok)) {
  }
}

TEST_F(GrpcTest, UnaryCallsFailAtOnceWhileEventsWaitForTheServer) {
  Connect();
  EXPECT_EQ(CallNow(types::StateRequest()).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(Await(client_runtime_, client_->CheckHealth(3s)).error().code, ErrorCode::kUnavailable);
  RecordingSink sink;
  OpenStream stream(client_runtime_, *client_, sink);
  StartServer();
  ASSERT_TRUE(api_.WaitForStreams(1, 0));
  api_.Emit(NumberedEvents(0, 1));
  ASSERT_TRUE(sink.WaitForEvents(1));
  EXPECT_TRUE(sink.ends().empty());
}

TEST_F(GrpcTest, AStreamThatWaitsForItsServerCanBeClosed) {
  Connect();
  RecordingSink sink;
  OpenStream stream(client_runtime_, *client_, sink);
  stream.Close();
  client_.reset();
  client_runtime_.Drain();
  EXPECT_TRUE(sink.ends().empty());
}

// Listens and says nothing: connections are made, by the kernel, and nothing more happens.
class SilentListener {
 public:
  explicit SilentListener(const std::string& path)
      : path_(path), descriptor_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    EXPECT_EQ(bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(listen(descriptor_, 10), 0);
  }
  ~SilentListener() {
    close(descriptor_);
    unlink(path_.c_str());
  }
  SilentListener(const SilentListener&) = delete;
  SilentListener& operator=(const SilentListener&) = delete;

 private:
  std::string path_;
  int descriptor_;
};

TEST_F(GrpcTest, TheDeadlineHoldsAgainstAServerThatNeverSpeaks) {
  const SilentListener listener(socket());
  Connect();
  auto call = StartCall(types::StateRequest(), 30s);
  Pending<Status> health(client_runtime_, client_->CheckHealth(3s));
  client_runtime_.Drain();
  clock_.AdvanceBy(3s);
  EXPECT_EQ(Describe(health.Get()), "DEADLINE_EXCEEDED: context deadline exceeded");
  EXPECT_FALSE(call.done());
  clock_.AdvanceBy(27s);
  EXPECT_EQ(Describe(call.Get()), "DEADLINE_EXCEEDED: context deadline exceeded");
  client_.reset();
}

TEST_F(GrpcTest, TheChannelReconnectsToAServerThatComesBack) {
  StartServer();
  Connect();
  for (std::size_t life = 1; life <= 5; ++life) {
    RecordingSink sink;
    OpenStream stream(client_runtime_, *client_, sink);
    ASSERT_TRUE(api_.WaitForStreams(life, life - 1));
    api_.Emit(NumberedEvents(0, 1));
    ASSERT_TRUE(sink.WaitForEvents(1));
    EXPECT_EQ(Describe(CallNow(types::StateRequest())), "OK");
    server_.Stop();
    ASSERT_TRUE(sink.WaitForEnd());
    EXPECT_EQ(sink.ends().front().error().code, ErrorCode::kUnavailable)
        << Describe(sink.ends().front());
    EXPECT_EQ(CallNow(types::StateRequest()).error().code, ErrorCode::kUnavailable);
    StartServer();
  }
}

TEST_F(GrpcTest, PathsMayContainWhatUrisReserve) {
  const std::string odd = directory_.File("a b%41#c?d=ü&.sock");
  ASSERT_TRUE(server_.Start(odd));
  auto connected = ConnectUnixSocket(client_runtime_, odd);
  ASSERT_TRUE(connected);
  client_ = std::move(*connected);
  EXPECT_EQ(Describe(CallNow(types::StateRequest())), "OK");
}

TEST_F(GrpcTest, ThePathOf107BytesIsTheLongest) {
  const std::string start = directory_.File("");
  const std::string longest = start + std::string(107 - start.size(), 's');
  ASSERT_TRUE(server_.Start(longest));
  auto connected = ConnectUnixSocket(client_runtime_, longest);
  ASSERT_TRUE(connected);
  client_ = std::move(*connected);
  EXPECT_EQ(Describe(CallNow(types::StateRequest())), "OK");
  EXPECT_EQ(Describe(ConnectUnixSocket(client_runtime_, longest + "s")),
            "INVALID_ARGUMENT: the socket path has 108 bytes, the limit is 107: " + longest + "s");
}

TEST_F(GrpcTest, ImpossiblePathsAreRefused) {
  EXPECT_EQ(Describe(ConnectUnixSocket(client_runtime_, "")),
            "INVALID_ARGUMENT: the socket path is empty");
  EXPECT_EQ(Describe(ConnectUnixSocket(client_runtime_, std::string("/tmp/a\0b", 8))),
            "INVALID_ARGUMENT: the socket path contains a NUL byte");
}

}  // namespace
}  // namespace libcontainerd::test
