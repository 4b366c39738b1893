#include "scenarios/convert/trace_calls.h"

#include <map>
#include <vector>

#include "fake_containerd/json_node.h"

namespace scenarios {

using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::Result;

namespace {

Result<std::map<std::string, std::uint64_t>> ResourcesOf(const types::UpdateResource& resources) {
  std::map<std::string, std::uint64_t> values;
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  resources.GetReflection()->ListFields(resources, &fields);
  for (const auto* field : fields) {
    const bool number = !field->is_repeated() &&
                        field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_UINT64;
    if (!number)
      return Fail(ErrorCode::kUnimplemented, "an update cannot say \"" + field->name() + "\"");
    values[field->name()] = resources.GetReflection()->GetUInt64(resources, field);
  }
  return values;
}

action::Create CreateOf(const PlannedCall& call, const action::CallTerms& terms) {
  action::Create create;
  create.id = call.id;
  create.spec = JsonOfScenario(call.spec_json);
  create.runtime = call.runtime;
  create.runtime_args = call.runtime_args;
  create.checkpoint = call.checkpoint;
  create.checkpoint_dir = call.checkpoint_dir;
  create.terms = terms;
  return create;
}

action::AddProcess AddProcessOf(const PlannedCall& call, const action::CallTerms& terms) {
  action::AddProcess add;
  add.id = call.id;
  add.process = call.process;
  if (call.process_spec.args_size() > 0)
    add.args.assign(call.process_spec.args().begin(), call.process_spec.args().end());
  add.terminal = call.process_spec.terminal();
  add.terms = terms;
  return add;
}

template <class T>
action::What OfContainer(const PlannedCall& call, const action::CallTerms& terms) {
  T made;
  made.id = call.id;
  made.terms = terms;
  return made;
}

template <class T>
action::What OfCheckpoint(const PlannedCall& call, const action::CallTerms& terms) {
  T made;
  made.id = call.id;
  made.checkpoint_dir = call.checkpoint_dir;
  made.terms = terms;
  if constexpr (requires { made.name; }) made.name = call.checkpoint;
  if constexpr (requires { made.exit; }) made.exit = call.exit;
  return made;
}

action::Signal SignalOf(const PlannedCall& call, const action::CallTerms& terms) {
  action::Signal signal;
  signal.id = call.id;
  if (call.kind == CallKind::kSignalProcess) signal.process = call.process;
  signal.signal = call.signal;
  signal.terms = terms;
  return signal;
}

action::Resize ResizeOf(const PlannedCall& call, const action::CallTerms& terms) {
  action::Resize resize;
  resize.id = call.id;
  resize.process = call.process;
  resize.width = call.width;
  resize.height = call.height;
  resize.terms = terms;
  return resize;
}

}  // namespace

Result<action::What> ActionOfCall(const PlannedCall& call, const action::CallTerms& terms) {
  switch (call.kind) {
    case CallKind::kCreate:
      return CreateOf(call, terms);
    case CallKind::kAddProcess:
      return AddProcessOf(call, terms);
    case CallKind::kSignal:
    case CallKind::kSignalProcess:
      return SignalOf(call, terms);
    case CallKind::kResize:
      return ResizeOf(call, terms);
    case CallKind::kPause:
      return OfContainer<action::Pause>(call, terms);
    case CallKind::kResume:
      return OfContainer<action::Resume>(call, terms);
    case CallKind::kStats:
      return OfContainer<action::Stats>(call, terms);
    case CallKind::kPids:
      return OfContainer<action::Pids>(call, terms);
    case CallKind::kSummary:
      return OfContainer<action::Summary>(call, terms);
    case CallKind::kUpdate: {
      auto resources = ResourcesOf(call.resources);
      if (!resources) return Fail(resources.error());
      return action::Update{.id = call.id, .resources = std::move(*resources), .terms = terms};
    }
    case CallKind::kCreateCheckpoint:
      return OfCheckpoint<action::CreateCheckpoint>(call, terms);
    case CallKind::kListCheckpoints:
      return OfCheckpoint<action::ListCheckpoints>(call, terms);
    case CallKind::kDeleteCheckpoint:
      return OfCheckpoint<action::DeleteCheckpoint>(call, terms);
    case CallKind::kRestore:
      break;
  }
  action::Restore restore;
  restore.id = call.id;
  restore.live = call.live;
  restore.terms = terms;
  return restore;
}

JsonText JsonOfScenario(const std::string& json) {
  constexpr std::size_t kDeepest = 256;
  try {
    const fake_containerd::JsonDocument document(json, {.deepest = kDeepest});
    return {.text = fake_containerd::CompactJson(document.root())};
  } catch (const fake_containerd::JsonError&) {
    return {.text = json};
  }
}

std::string ReturnsOf(const RecordedCommand& command, const CallOutcome& ours) {
  if (!ours.began) return action::kAnyResult;
  if (!ours.ended) return "pending";
  if (!ours.error) return "OK";
  std::string code(ErrorCodeName(ours.error->code));
  // In the words of whichever gRPC library there is.
  if (ours.error->code == ErrorCode::kUnavailable) return code;
  const bool has_paths = command.error.find("${") != std::string::npos;
  return has_paths ? code : code + " " + ours.error->message;
}

}  // namespace scenarios
