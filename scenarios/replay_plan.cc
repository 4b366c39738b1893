#include "scenarios/replay_plan.h"

#include <algorithm>
#include <array>
#include <limits>

#include "scenarios/replay_inference.h"

namespace scenarios {
namespace {

constexpr std::array<std::string_view, 15> kCallNames = {"create",
                                                         "addprocess",
                                                         "signal",
                                                         "signalprocess",
                                                         "resize",
                                                         "pause",
                                                         "resume",
                                                         "stats",
                                                         "pids",
                                                         "summary",
                                                         "update",
                                                         "createcheckpoint",
                                                         "listcheckpoints",
                                                         "deletecheckpoint",
                                                         "restore"};

constexpr std::array<std::string_view, 15> kStepNames = {
    "call-begin",  "wait",       "stdin-write",    "stdin-close", "expect-rpc",
    "send-reply",  "send-event", "process-output", "process-eof", "clock-to",
    "daemon-down", "daemon-up",  "stream-reset",   "client-gone", "client-back"};

// A timestamp of the wire as nanoseconds since the epoch; nothing if it is out of range.
std::optional<RecordedTime> ToNanoseconds(const google::protobuf::Timestamp& timestamp) {
  constexpr std::int64_t kMostSeconds = 9'000'000'000;  // int64 nanoseconds reach to 9.2 of these
  if (timestamp.seconds() < 0 || timestamp.seconds() > kMostSeconds) return std::nullopt;
  if (timestamp.nanos() < 0 || timestamp.nanos() >= 1'000'000'000) return std::nullopt;
  return std::chrono::seconds(timestamp.seconds()) + RecordedTime(timestamp.nanos());
}

// The largest of "timestamp − t", which is the best lower bound of the true offset.
RecordedTime WallOffset(const Recording& recording) {
  std::optional<RecordedTime> offset;
  const auto consider = [&offset](const google::protobuf::Timestamp& timestamp, RecordedTime t) {
    if (const std::optional<RecordedTime> wall = ToNanoseconds(timestamp)) {
      offset = std::max(offset.value_or(*wall - t), *wall - t);
    }
  };
  for (const RecordedEvent& event : recording.events) {
    if (event.event.has_timestamp()) consider(event.event.timestamp(), event.t);
  }
  if (offset) return *offset;
  // Without events: a client without a cursor asks for events from now on.
  for (const RecordedRpc& rpc : recording.rpcs) {
    if (!IsEventStream(rpc)) continue;
    const auto& request = rpc.Request<types::EventsRequest>();
    if (request.has_timestamp()) consider(request.timestamp(), rpc.t);
  }
  return offset.value_or(RecordedTime{0});
}

}  // namespace

std::string_view CallKindName(CallKind kind) {
  return kCallNames.at(static_cast<std::size_t>(kind));
}

std::string_view StepKindName(StepKind kind) {
  return kStepNames.at(static_cast<std::size_t>(kind));
}

Inference::Inference(const Recording& source) : recording(source), rpc_use(source.rpcs.size()) {
  plan.output_attachment.resize(source.outputs.size());
  plan.eof_attachment.resize(source.eofs.size());
  plan.event_call.resize(source.events.size());
  for (std::size_t i = 0; i < source.rpcs.size(); ++i) {
    rpc_by_call[{source.rpcs[i].conn, source.rpcs[i].call}] = i;
  }
}

bool Inference::Live(const RecordedEvent& event) const {
  const auto found = rpc_by_call.find({event.conn, event.call});
  return plan.conns.contains(event.conn) && BeforeCut(event.t) && found != rpc_by_call.end() &&
         rpc_use[found->second].role == RpcRole::kEventStream;
}

bool Inference::LiveRequest(const RecordedRpc& rpc) const {
  const RpcRole role = rpc_use[static_cast<std::size_t>(&rpc - recording.rpcs.data())].role;
  return plan.conns.contains(rpc.conn) && BeforeCut(rpc.t) &&
         (role == RpcRole::kCall || role == RpcRole::kCloseStdin || role == RpcRole::kEventStream ||
          role == RpcRole::kRestore);
}

bool Inference::LiveReply(const RecordedRpc& rpc) const {
  return LiveRequest(rpc) && rpc.reply && BeforeCut(rpc.reply->t);
}

bool IsEventStream(const RecordedRpc& rpc) {
  return rpc.method == "Events" && !rpc.Request<types::EventsRequest>().storedonly();
}

bool IsLocalRefusal(const RecordedCommand& command) {
  if (command.ok || command.from_rpc) return false;
  const std::string_view text = command.error;
  return text.starts_with("invalid container: ") ||
         text.starts_with("No active process for container ") ||
         ((text.starts_with("Container ") || text.starts_with("container ")) &&
          text.ends_with(" is already active"));
}

bool Succeeded(const RecordedRpc& rpc) {
  return rpc.reply && rpc.reply->code == ErrorCode::kOk;
}

bool IsCloseStdin(const RecordedRpc& rpc) {
  return rpc.method == "UpdateProcess" && rpc.Request<types::UpdateProcessRequest>().closestdin();
}

namespace {

std::string StringField(const RecordedRpc& rpc, const char* name) {
  const google::protobuf::FieldDescriptor* field =
      rpc.request->GetDescriptor()->FindFieldByName(name);
  if (field == nullptr) return {};
  return rpc.request->GetReflection()->GetString(*rpc.request, field);
}

}  // namespace

std::string RpcContainer(const RecordedRpc& rpc) {
  return StringField(rpc, "id");
}
std::string RpcProcess(const RecordedRpc& rpc) {
  return StringField(rpc, "pid");
}

ReplayPlan PlanReplay(const Recording& recording) {
  Inference work(recording);
  work.plan.wall_offset = WallOffset(recording);
  FindFirstConnection(work);
  MatchCalls(work);
  InferArguments(work);
  MatchAttaches(work);
  MatchStreams(work);
  MatchStdin(work);
  MatchEvents(work);
  InferFailures(work);
  InferContents(work);
  InferWaits(work);
  OrderSteps(work);
  MarkDeviations(work);
  ListPending(work);
  return std::move(work.plan);
}

}  // namespace scenarios
