#include "fake_containerd/world/model.h"

#include <array>
#include <utility>

namespace fake_containerd {
namespace {

constexpr std::array<std::pair<EventKind, std::string_view>, 7> kEventKindNames{{
    {EventKind::kStartContainer, "start-container"},
    {EventKind::kStartProcess, "start-process"},
    {EventKind::kExit, "exit"},
    {EventKind::kOom, "oom"},
    {EventKind::kPause, "pause"},
    {EventKind::kResume, "resume"},
    {EventKind::kLive, "live"},
}};

}  // namespace

IoPaths IoPaths::In(const std::string& bundle, const std::string& name) {
  const std::string base = bundle + "/" + name;
  return {.in = base + "-stdin", .out = base + "-stdout", .err = base + "-stderr"};
}

std::string_view EventKindName(EventKind kind) {
  for (const auto& [candidate, name] : kEventKindNames) {
    if (candidate == kind) return name;
  }
  return "unknown";
}

std::optional<EventKind> EventKindFromName(std::string_view name) {
  for (const auto& [kind, candidate] : kEventKindNames) {
    if (candidate == name) return kind;
  }
  return std::nullopt;
}

std::string_view StdioStreamName(StdioStream stream) {
  if (stream == StdioStream::kStdin) return "stdin";
  return stream == StdioStream::kStdout ? "stdout" : "stderr";
}

}  // namespace fake_containerd
