#include "scenarios/replay/recorded_daemon.h"

#include <algorithm>
#include <utility>

#include <google/protobuf/util/message_differencer.h>
#include <asio/post.hpp>

#include "libcontainerd/backend.h"
#include "libcontainerd/wire_time.h"
#include "scenarios/replay_unheard.h"

namespace scenarios {

using fake_containerd::OutputStream;
using libcontainerd::Awaitable;
using libcontainerd::Duration;
using libcontainerd::Method;
using libcontainerd::Status;

struct RecordedDaemon::Arrival {
  Arrival(libcontainerd::Runtime& runtime, google::protobuf::Message& reply_message)
      : response(reply_message), done(runtime) {}
  google::protobuf::Message& response;  // lives as long as the call waits for `done`
  libcontainerd::OneShot<Status> done;
};

struct RecordedDaemon::Streams {
  std::size_t call = 0;
  std::string id;
  std::string process;
  std::unique_ptr<fake_containerd::ProcessStreams> streams;
  std::array<fake_containerd::Sha256, 2> digest;
  std::array<bool, 2> closed{false, false};
  std::string stdin_data;
};

namespace {

std::string StringField(const google::protobuf::Message& message, const char* name) {
  const auto* field = message.GetDescriptor()->FindFieldByName(name);
  const bool is_text =
      field != nullptr && field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_STRING;
  return is_text ? message.GetReflection()->GetString(message, field) : std::string();
}

const char* StreamName(OutputStream stream) {
  return stream == OutputStream::kStdout ? "stdout" : "stderr";
}

OutputStream StreamNamed(const std::string& name) {
  return name == "stderr" ? OutputStream::kStderr : OutputStream::kStdout;
}

}  // namespace

// Cancels when the other side lets go of the stream.
class RecordedDaemon::StreamHandle final : public libcontainerd::EventStream {
 public:
  StreamHandle(RecordedDaemon& daemon, libcontainerd::EventSink* sink)
      : daemon_(daemon), sink_(sink) {}
  ~StreamHandle() override { daemon_.Forget(sink_); }

 private:
  RecordedDaemon& daemon_;
  libcontainerd::EventSink* sink_;
};

RecordedDaemon::RecordedDaemon(libcontainerd::Runtime& runtime, Recorder& recorder,
                               fake_containerd::ProcessIo& io, const Recording& recording,
                               const ReplayPlan& plan)
    : runtime_(runtime), recorder_(recorder), io_(io), recording_(recording), plan_(plan) {
  for (const ReplayStep& step : plan.steps) {
    if (step.kind == StepKind::kExpectRpc) planned_rpcs_.insert(step.index);
  }
  for (types::Event& event : EventsNobodyHeard(recording, plan)) {
    unheard_.push_back(std::move(event));
  }
}

RecordedDaemon::~RecordedDaemon() = default;

// What a request is for: two pauses of a container are alike, a pause and a resize are not.
RecordedDaemon::Key RecordedDaemon::KeyOf(const std::string& method,
                                          const google::protobuf::Message& request) {
  Key key{method, StringField(request, "id"), StringField(request, "pid"),
          StringField(request, "status")};
  if (method == "UpdateProcess") {
    const auto& update = static_cast<const types::UpdateProcessRequest&>(request);
    key.emplace_back(update.closestdin() ? "close-stdin" : "resize");
  }
  if (method == "Signal") {
    key.push_back(std::to_string(static_cast<const types::SignalRequest&>(request).signal()));
  }
  return key;
}

void RecordedDaemon::Expect(std::size_t call) {
  const PlannedCall& planned = plan_.calls[call];
  const auto expect = [&](std::size_t rpc) {
    if (!planned_rpcs_.contains(rpc)) return;
    const RecordedRpc& recorded = recording_.rpcs[rpc];
    expected_[KeyOf(recorded.method, *recorded.request)].push_back(rpc);
    call_of_rpc_[rpc] = call;
  };
  if (planned.rpc) expect(*planned.rpc);
  for (const std::size_t rpc : planned.restore_rpcs) {
    if (planned.rpc != rpc) expect(rpc);
  }
  for (const std::size_t rpc : planned.close_stdin_rpcs) expect(rpc);
}

Awaitable<Status> RecordedDaemon::Unary(Method method, const google::protobuf::Message& request,
                                        google::protobuf::Message& response, Duration /*timeout*/) {
  if (down_) co_return libcontainerd::Fail(ErrorCode::kUnavailable, "transport is closing");
  const std::string name(MethodName(method));
  const auto found = expected_.find(KeyOf(name, request));
  if (found == expected_.end() || found->second.empty()) {
    unrecorded_.push_back(Unrecorded{
        .method = name, .id = StringField(request, "id"), .process = StringField(request, "pid")});
    co_return AnswerUnrecorded(method, request, response);
  }
  const std::size_t rpc = found->second.front();
  found->second.pop_front();
  CompareRequest(rpc, request);
  if (method == Method::kCreateContainer || method == Method::kAddProcess)
    OpenStreams(rpc, request);
  auto arrival = std::make_shared<Arrival>(runtime_, response);
  if (overdue_.erase(rpc) > 0) {
    Answer(rpc, *arrival);
  } else {
    arrived_[rpc] = arrival;
  }
  co_return co_await arrival->done.Wait();
}

std::unique_ptr<libcontainerd::EventStream> RecordedDaemon::Events(types::EventsRequest request,
                                                                   libcontainerd::EventSink& sink) {
  ++streams_opened_;
  waiting_streams_.push_back(Subscription{std::move(request), &sink});
  // In a step of its own: the caller has its handle by then.
  asio::post(runtime_.executor(), [this, alive = std::weak_ptr(alive_), wanted = &sink] {
    if (alive.expired() || down_) return;
    const auto found = std::ranges::find(waiting_streams_, wanted, &Subscription::sink);
    if (found == waiting_streams_.end()) return;
    Subscription subscription = std::move(*found);
    waiting_streams_.erase(found);
    Serve(std::move(subscription));
  });
  return std::make_unique<StreamHandle>(*this, &sink);
}

void RecordedDaemon::Serve(Subscription subscription) {
  libcontainerd::EventSink& sink = *subscription.sink;
  const std::vector<types::Event> stored = StoredSince(subscription.request);
  const bool stored_only = subscription.request.storedonly();
  if (!stored_only) live_ = std::move(subscription);
  if (!stored.empty()) sink.OnEvents(stored);
  if (stored_only) sink.OnEnd(Status());
}

void RecordedDaemon::Forget(libcontainerd::EventSink* sink) {
  if (live_.sink == sink) live_.sink = nullptr;
  std::erase_if(waiting_streams_,
                [sink](const Subscription& waiting) { return waiting.sink == sink; });
}

void RecordedDaemon::Down() {
  down_ = true;
  FailArrivals("transport is closing");
  BreakStream();
}

void RecordedDaemon::BreakStream() {
  if (libcontainerd::EventSink* sink = std::exchange(live_.sink, nullptr)) {
    sink->OnEnd(libcontainerd::Fail(ErrorCode::kUnavailable, "transport is closing"));
  }
}

void RecordedDaemon::Up(bool restarted) {
  down_ = false;
  if (restarted) log_ = std::exchange(log_file_, {});
  for (Subscription& subscription : std::exchange(waiting_streams_, {})) {
    Serve(std::move(subscription));
  }
}

void RecordedDaemon::ClientGone() {
  FailArrivals("the client is gone");
  expected_.clear();
}

void RecordedDaemon::FailArrivals(const std::string& why) {
  for (const auto& [rpc, arrival] : std::exchange(arrived_, {})) {
    arrival->done.Set(libcontainerd::Fail(ErrorCode::kUnavailable, why));
  }
}

// Events that came late to the client's stream, or only to somebody else's.
void RecordedDaemon::StoreUnheard() {
  while (!unheard_.empty() && WallTimeOf(unheard_.front()) <= runtime_.WallNow()) {
    Store(unheard_.front());
    unheard_.pop_front();
  }
}

void RecordedDaemon::Store(const types::Event& event) {
  if (!stored_.insert(event.SerializeAsString()).second) return;
  log_.push_back(event);
  log_file_.push_back(event);
  const auto container = running_.find(event.id());
  if (event.type() != "exit" || container == running_.end()) return;
  if (event.pid() == libcontainerd::kInitProcess) {
    running_.erase(container);
    return;
  }
  auto& processes = *container->second.mutable_processes();
  for (int i = processes.size() - 1; i >= 0; --i) {
    if (processes.Get(i).pid() == event.pid()) processes.DeleteSubrange(i, 1);
  }
}

std::vector<types::Event> RecordedDaemon::StoredSince(const types::EventsRequest& request) {
  StoreUnheard();
  std::vector<types::Event> stored;
  if (!request.has_timestamp()) return stored;
  const libcontainerd::WallTime since = libcontainerd::ToWallTime(request.timestamp());
  for (const types::Event& event : log_) {
    const bool wanted = request.id().empty() || request.id() == event.id();
    if (wanted && WallTimeOf(event) > since) stored.push_back(event);
  }
  return stored;
}

Awaitable<Status> RecordedDaemon::CheckHealth(Duration /*timeout*/) {
  co_return Status();
}

void RecordedDaemon::CompareRequest(std::size_t rpc, const google::protobuf::Message& request) {
  const RecordedRpc& recorded = recording_.rpcs[rpc];
  google::protobuf::util::MessageDifferencer differencer;
  differencer.set_message_field_comparison(google::protobuf::util::MessageDifferencer::EQUIVALENT);
  std::string report;
  differencer.ReportDifferencesToString(&report);
  if (differencer.Compare(*recorded.request, request)) return;
  request_differences_.push_back(recorded.method + " of " + StringField(request, "id") + ": " +
                                 report);
}

bool RecordedDaemon::Reply(std::size_t rpc) {
  const auto found = arrived_.find(rpc);
  if (found == arrived_.end()) {
    overdue_.insert(rpc);
    return false;
  }
  const std::shared_ptr<Arrival> arrival = found->second;
  arrived_.erase(found);
  Answer(rpc, *arrival);
  return true;
}

void RecordedDaemon::Answer(std::size_t rpc, Arrival& arrival) {
  const RecordedRpc& recorded = recording_.rpcs[rpc];
  const bool starts_process =
      recorded.method == "CreateContainer" || recorded.method == "AddProcess";
  if (!recorded.reply) {
    arrival.done.Set(
        libcontainerd::Fail(ErrorCode::kUnavailable, "the recording ends before the reply"));
    return;
  }
  if (recorded.reply->code != ErrorCode::kOk) {
    if (starts_process) CloseStreams(call_of_rpc_[rpc]);
    arrival.done.Set(libcontainerd::Fail(recorded.reply->code, recorded.reply->error));
    return;
  }
  if (recorded.reply->response) arrival.response.CopyFrom(*recorded.reply->response);
  if (starts_process) ProcessStarted(rpc);
  arrival.done.Set(Status());
}

void RecordedDaemon::ProcessStarted(std::size_t rpc) {
  const RecordedRpc& recorded = recording_.rpcs[rpc];
  const std::string id = StringField(*recorded.request, "id");
  if (recorded.method == "CreateContainer") {
    types::Container container = recorded.Response<types::CreateContainerResponse>().container();
    container.set_id(id);
    container.set_status("running");
    running_[id] = std::move(container);
  } else if (const auto found = running_.find(id); found != running_.end()) {
    found->second.add_processes()->set_pid(StringField(*recorded.request, "pid"));
  }
}

// Whatever our client asks beyond the recording: killing what it gave up on, and what became of it.
Status RecordedDaemon::AnswerUnrecorded(Method method, const google::protobuf::Message& request,
                                        google::protobuf::Message& response) {
  StoreUnheard();
  const std::string id = StringField(request, "id");
  if (method == Method::kState) {
    return AnswerState(id, static_cast<types::StateResponse&>(response));
  }
  if (!running_.contains(id)) {
    return libcontainerd::Fail(ErrorCode::kUnknown, "containerd: container not found");
  }
  if (method == Method::kSignal || method == Method::kUpdateProcess) return {};
  return libcontainerd::Fail(ErrorCode::kUnimplemented, "the recording has no such request");
}

Status RecordedDaemon::AnswerState(const std::string& id, types::StateResponse& response) const {
  for (const auto& [name, container] : running_) {
    if (id.empty() || id == name) *response.add_containers() = container;
  }
  if (!id.empty() && response.containers_size() == 0) {
    return libcontainerd::Fail(ErrorCode::kUnknown, "containerd: container not found");
  }
  return {};
}

void RecordedDaemon::OpenStreams(std::size_t rpc, const google::protobuf::Message& request) {
  const std::size_t call = call_of_rpc_[rpc];
  const std::string process = StringField(request, "pid");
  auto streams = std::make_shared<Streams>();
  streams->call = call;
  streams->id = StringField(request, "id");
  streams->process = process.empty() ? std::string(libcontainerd::kInitProcess) : process;
  const fake_containerd::IoPaths paths{.in = StringField(request, "stdin"),
                                       .out = StringField(request, "stdout"),
                                       .err = StringField(request, "stderr")};
  const bool terminal = plan_.calls[call].terminal;
  auto opened = io_.Open(paths, terminal);
  if (!opened) {
    recorder_.Note("cannot open the streams of " + streams->id + "/" + streams->process + ": " +
                   opened.error().message);
    return;
  }
  streams->streams = std::move(*opened);
  streams->closed[1] = terminal;
  streams_[call] = streams;
  Spawn(runtime_, DrainStdin(streams));
}

Awaitable<void> RecordedDaemon::DrainStdin(std::shared_ptr<Streams> streams) {
  constexpr std::size_t kChunk = 65536;
  while (true) {
    auto data = co_await streams->streams->ReadStdin(kChunk);
    if (!data || data->empty()) co_return;
    streams->stdin_data += *data;
  }
}

const std::string& RecordedDaemon::stdin_of(std::size_t call) const {
  static const std::string kNothing;
  const auto found = streams_.find(call);
  return found == streams_.end() ? kNothing : found->second->stdin_data;
}

void RecordedDaemon::Write(std::size_t output) {
  const RecordedOutput& recorded = recording_.outputs[output];
  const auto attachment = plan_.output_attachment[output];
  if (!attachment) return;
  const auto found = streams_.find(plan_.attachments[*attachment].origin);
  if (found == streams_.end()) return;
  const OutputStream stream = StreamNamed(recorded.stream);
  if (found->second->closed.at(static_cast<std::size_t>(stream))) return;
  // Unknown bytes are zeros: their number still counts.
  std::string data =
      OutputBytes(recording_, plan_, output).value_or(std::string(recorded.length, '\0'));
  ++writes_running_;
  Spawn(runtime_, WriteOutput(found->second, stream, std::move(data)));
}

Awaitable<void> RecordedDaemon::WriteOutput(std::shared_ptr<Streams> streams, OutputStream stream,
                                            std::string data) {
  streams->digest.at(static_cast<std::size_t>(stream)).Update(data);
  Entry entry =
      recorder_.About(EntryKind::kStdioWritten, streams->id, streams->process, StreamName(stream));
  entry.number = data.size();
  recorder_.Record(entry);
  Status written = co_await streams->streams->Write(stream, std::move(data));
  if (!written) recorder_.Note("write to " + streams->id + ": " + written.error().message);
  --writes_running_;
}

void RecordedDaemon::Close(std::size_t eof) {
  const auto attachment = plan_.eof_attachment[eof];
  if (!attachment) return;
  const auto found = streams_.find(plan_.attachments[*attachment].origin);
  if (found != streams_.end())
    CloseStream(*found->second, StreamNamed(recording_.eofs[eof].stream));
}

void RecordedDaemon::CloseStream(Streams& streams, OutputStream stream) {
  const auto index = static_cast<std::size_t>(stream);
  if (std::exchange(streams.closed.at(index), true)) return;
  Entry entry =
      recorder_.About(EntryKind::kStdioSourceEof, streams.id, streams.process, StreamName(stream));
  entry.number = streams.digest.at(index).total_bytes();
  entry.text = recorder_.journal().Intern(streams.digest.at(index).Hex());
  recorder_.Record(entry);
  streams.streams->CloseOutput(stream);
}

void RecordedDaemon::CloseStreams(std::size_t call) {
  const auto found = streams_.find(call);
  if (found == streams_.end()) return;
  CloseStream(*found->second, OutputStream::kStdout);
  CloseStream(*found->second, OutputStream::kStderr);
}

bool RecordedDaemon::Emit(std::size_t event) {
  const types::Event& recorded = recording_.events[event].event;
  if (recorded.type() == "exit") {
    if (recorded.pid() == libcontainerd::kInitProcess) {
      for (const auto& [call, streams] : streams_) {
        if (streams->id == recorded.id()) CloseStreams(call);
      }
    } else if (const auto call = plan_.event_call[event]) {
      CloseStreams(*call);
    }
  }
  StoreUnheard();
  Store(recorded);
  recorder_.RecordEvent(EntryKind::kEventEmitted, recorded);
  if (live_.sink == nullptr) {
    recorder_.RecordEvent(EntryKind::kEventDropped, recorded, "nobody listens");
    return false;
  }
  live_.sink->OnEvents(std::span(&recorded, 1));
  return true;
}

void RecordedDaemon::End() {
  for (const auto& [call, streams] : streams_) {
    CloseStreams(call);
    streams->streams->CloseStdin();
  }
  FailArrivals("the recording ends before the reply");
}

}  // namespace scenarios
