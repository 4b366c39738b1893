// Scripts of the fake, which come from files and through the control service (LoadScript).
//
// A refusal says where: NAME:LINE:COLUMN. The same text is read twice as the same: as many
// behaviours, stats and steps, and the same drawn choices.
//
// Not covered: that a script's steps can be performed, and the control service around it: its
// messages are gRPC's to read, its plans, points and events are in request_fuzz.
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "fake_containerd/script.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

bool IsPlaced(const std::string& message) {
  return message.starts_with("script:") && message.size() > 7 &&
         std::isdigit(static_cast<unsigned char>(message[7])) != 0;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto script = fake_containerd::ParseScript(text, "script", 7);
  if (!script) {
    Require(script.error().code == libcontainerd::ErrorCode::kInvalidArgument);
    Require(IsPlaced(script.error().message));
    return 0;
  }
  const auto again = fake_containerd::ParseScript(text, "script", 7);
  Require(again.has_value());
  Require(again->behaviours.size() == script->behaviours.size());
  Require(again->stats.size() == script->stats.size());
  Require(again->steps.size() == script->steps.size());
  Require(again->choices.has_value() == script->choices.has_value());
  if (script->choices) Require(again->choices->log_delay == script->choices->log_delay);
  Require(again->faults == script->faults);
  return 0;
}
