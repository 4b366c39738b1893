#include "scenarios/convert/trace_failures.h"

#include <string_view>

#include "scenarios/replay_inference.h"

namespace scenarios {

using fake_containerd::FailureKind;
using fake_containerd::StartFailure;

namespace {

// What stands between the two; empty if the text is not of that form.
std::string Between(std::string_view text, std::string_view begin, std::string_view end) {
  if (!text.starts_with(begin) || !text.ends_with(end)) return {};
  if (text.size() <= begin.size() + end.size()) return {};
  return std::string(text.substr(begin.size(), text.size() - begin.size() - end.size()));
}

std::string EscapedInPlan(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\n') {
      escaped += "\\n";
      continue;
    }
    if (c == ')' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

}  // namespace

std::optional<StartFailure> StartFailureOf(const PlannedCall& call, const RecordedReply& reply) {
  if (call.kind != CallKind::kCreate && call.kind != CallKind::kAddProcess) return std::nullopt;
  const std::string_view text = reply.error;
  if (text == "containerd: container not started")
    return StartFailure{.kind = FailureKind::kNotStarted};
  if (text == "containerd: container did not start before the specified timeout")
    return StartFailure{.kind = FailureKind::kStartTimeout};
  const std::string runtime =
      Between(text, "shim error: fork/exec ", ": no such file or directory");
  if (!runtime.empty())
    return StartFailure{.kind = FailureKind::kRuntimeMissing, .subject = runtime};
  const std::string said = Between(
      text,
      call.kind == CallKind::kCreate ? "oci runtime error: " : "oci runtime error: exec failed: ",
      "\n");
  if (said.empty()) return std::nullopt;
  return StartFailure{.kind = FailureKind::kRuntimeMessage, .subject = said};
}

bool FollowsFromState(CallKind kind, const std::string& text) {
  switch (kind) {
    case CallKind::kCreateCheckpoint:
      return text.ends_with("file exists") ||
             text.find("Unable to execute CRIU command") != std::string::npos;
    case CallKind::kListCheckpoints:
      return text.starts_with("open ") || text == "no such containers";
    case CallKind::kDeleteCheckpoint:
      return text == "checkpoint name cannot be empty";
    case CallKind::kPause:
      return text.find("container not running or created: paused") != std::string::npos;
    case CallKind::kResume:
      return text.find("container not paused") != std::string::npos;
    case CallKind::kSignal:
    case CallKind::kSignalProcess:
      return text == "invalid argument";
    default:
      return false;
  }
}

std::string RefusalRule(const RecordedRpc& rpc) {
  std::string rule = "rpc." + rpc.method + ".received@" + RpcContainer(rpc);
  const std::string process = RpcProcess(rpc);
  if (!process.empty()) rule += "/" + process;
  return rule + "=1*error(" + std::string(ErrorCodeName(rpc.reply->code)) + ":" +
         EscapedInPlan(rpc.reply->error) + ")";
}

}  // namespace scenarios
