#include "fake_containerd/script_choices.h"

#include <array>
#include <limits>

namespace fake_containerd {
namespace {

constexpr std::array<std::string_view, 18> kFields = {"drawn",
                                                      "start_container",
                                                      "start_process",
                                                      "pause",
                                                      "resume",
                                                      "gap",
                                                      "exec_exits",
                                                      "late_exec_status",
                                                      "oom",
                                                      "exit_notice_delay",
                                                      "shim_wait",
                                                      "failed_create_delete_delay",
                                                      "failed_create_exit",
                                                      "log_delay",
                                                      "state_fails_for_dead_init",
                                                      "checkpoint_tool",
                                                      "replay_deadlocks",
                                                      "seed"};

void ReadOrder(const JsonNode& node, const char* field, Order& order) {
  if (const auto found = node.Find(field)) {
    order = found->OneOf<Order>({{"event-first", Order::kEventFirst},
                                 {"reply-first", Order::kReplyFirst},
                                 {"drawn", Order::kDrawn}});
  }
}

void ReadLength(const JsonNode& node, const char* field, Duration& length) {
  if (const auto found = node.Find(field)) length = found->Length();
}

void ReadStatus(const JsonNode& node, const char* field, std::optional<std::uint32_t>& status) {
  if (const auto found = node.Find(field)) status = found->Number();
}

void ReadFlag(const JsonNode& node, const char* field, bool& flag) {
  if (const auto found = node.Find(field)) flag = found->Flag();
}

}  // namespace

Choices ReadChoices(const JsonNode& node, std::uint64_t seed) {
  node.Object(kFields);
  Choices choices;
  if (const auto own = node.Find("seed")) {
    seed = own->Number(0, std::numeric_limits<std::uint64_t>::max());
  }
  choices.seed = seed;
  if (const auto drawn = node.Find("drawn"); drawn && drawn->Flag()) {
    choices = Choices::Drawn(seed);
  }
  ReadOrder(node, "start_container", choices.start_container);
  ReadOrder(node, "start_process", choices.start_process);
  ReadOrder(node, "pause", choices.pause);
  ReadOrder(node, "resume", choices.resume);
  ReadLength(node, "gap", choices.gap);
  if (const auto found = node.Find("exec_exits")) {
    using ExecExits = Choices::ExecExits;
    choices.exec_exits = found->OneOf<ExecExits>({{"free", ExecExits::kFree},
                                                  {"before-init", ExecExits::kBeforeInit},
                                                  {"after-init", ExecExits::kAfterInit},
                                                  {"drawn", ExecExits::kDrawn}});
  }
  ReadStatus(node, "late_exec_status", choices.late_exec_status);
  if (const auto found = node.Find("oom")) {
    using OomOrder = Choices::OomOrder;
    choices.oom = found->OneOf<OomOrder>({{"free", OomOrder::kFree},
                                          {"before-exit", OomOrder::kBeforeExit},
                                          {"after-exit", OomOrder::kAfterExit},
                                          {"drawn", OomOrder::kDrawn}});
  }
  ReadLength(node, "exit_notice_delay", choices.exit_notice_delay);
  ReadLength(node, "shim_wait", choices.shim_wait);
  ReadLength(node, "failed_create_delete_delay", choices.failed_create_delete_delay);
  ReadStatus(node, "failed_create_exit", choices.failed_create_exit);
  ReadLength(node, "log_delay", choices.log_delay);
  ReadFlag(node, "state_fails_for_dead_init", choices.state_fails_for_dead_init);
  ReadFlag(node, "checkpoint_tool", choices.checkpoint_tool);
  ReadFlag(node, "replay_deadlocks", choices.replay_deadlocks);
  return choices;
}

libcontainerd::Result<Choices> ParseChoices(const std::string& text, std::uint64_t seed) {
  try {
    const JsonDocument document(text, {.title = "the whole"});
    return ReadChoices(JsonNode(document), seed);
  } catch (const JsonError& error) {
    return libcontainerd::Fail(libcontainerd::ErrorCode::kInvalidArgument,
                               "choices:" + std::to_string(error.line) + ":" +
                                   std::to_string(error.column) + ": " + error.text);
  }
}

}  // namespace fake_containerd
