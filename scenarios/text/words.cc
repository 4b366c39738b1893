#include "scenarios/text/words.h"

#include "fake_containerd/fault_plan.h"
#include "libcontainerd/error.h"
#include "libcontainerd/reference_behaviour.h"
#include "scenarios/engine_points.h"
#include "scenarios/guarantees/guarantee.h"
#include "scenarios/text/timing_fields.h"

namespace scenarios {
namespace {

Words MakeActionWords() {
  Words words;
  ForEachActionType([&]<class T>(const T&) { words.push_back(T::kWord); });
  return words;
}

// "CreateContainer" of the point "rpc.CreateContainer.received".
Words MakeMethodWords() {
  constexpr std::string_view kBeginOfPoint = "rpc.";
  constexpr std::string_view kEndOfPoint = ".received";
  Words words;
  for (const fake_containerd::InjectionPoint& point : fake_containerd::InjectionPoints()) {
    const std::string_view name = point.name;
    if (!name.starts_with(kBeginOfPoint) || !name.ends_with(kEndOfPoint)) continue;
    words.push_back(
        name.substr(kBeginOfPoint.size(), name.size() - kBeginOfPoint.size() - kEndOfPoint.size()));
  }
  return words;
}

Words MakeHoldPointWords() {
  Words words;
  for (const fake_containerd::InjectionPoint& point : fake_containerd::InjectionPoints()) {
    if (point.holdable) words.push_back(point.name);
  }
  for (const EnginePoint& point : kEnginePoints) {
    if (point.can_hold) words.push_back(point.name);
  }
  return words;
}

Words MakeFailPointWords() {
  Words words;
  for (const EnginePoint& point : kEnginePoints) {
    if (point.can_fail) words.push_back(point.name);
  }
  return words;
}

Words MakeFaultPointWords() {
  Words words;
  for (const fake_containerd::InjectionPoint& point : fake_containerd::InjectionPoints()) {
    if (!point.actions.empty()) words.push_back(point.name);
  }
  return words;
}

Words MakeCodeWords() {
  Words words;
  for (int number = 1; number <= 16; ++number) {
    words.push_back(libcontainerd::ErrorCodeName(libcontainerd::ErrorCodeFromNumber(number)));
  }
  return words;
}

Words MakeTimingWords() {
  Words words;
  for (const TimingField& field : kTimingFields) words.push_back(field.name);
  return words;
}

Words MakeGuaranteeWords() {
  Words words;
  for (const Guarantee& guarantee : AllGuarantees()) words.push_back(guarantee.name);
  return words;
}

Words MakeDeviationWords() {
  Words words;
  for (std::size_t i = 0; i < libcontainerd::kDeviationCount; ++i) {
    words.push_back(libcontainerd::DeviationName(static_cast<libcontainerd::Deviation>(i)));
  }
  return words;
}

}  // namespace

const Words& ActionWords() {
  static const Words words = MakeActionWords();
  return words;
}
const Words& MethodWords() {
  static const Words words = MakeMethodWords();
  return words;
}
const Words& EventWords() {
  static const Words words = {"start-container", "start-process", "exit", "oom",
                              "pause",           "resume",        "live"};
  return words;
}
const Words& CallbackWords() {
  static const Words words = {"start-container", "pause",        "resume", "exit",
                              "restore",         "exit-process", "oom"};
  return words;
}
const Words& HoldPointWords() {
  static const Words words = MakeHoldPointWords();
  return words;
}
const Words& FailPointWords() {
  static const Words words = MakeFailPointWords();
  return words;
}
const Words& FaultPointWords() {
  static const Words words = MakeFaultPointWords();
  return words;
}
const Words& CodeWords() {
  static const Words words = MakeCodeWords();
  return words;
}
const Words& TimingWords() {
  static const Words words = MakeTimingWords();
  return words;
}
const Words& GuaranteeWords() {
  static const Words words = MakeGuaranteeWords();
  return words;
}
const Words& DeviationWords() {
  static const Words words = MakeDeviationWords();
  return words;
}
const Words& TransportWords() {
  static const Words words = {"loopback", "inprocess", "socket"};
  return words;
}
const Words& DaemonWords() {
  static const Words words = {"external", "owned", "adopted", "foreign"};
  return words;
}
const Words& StreamWords() {
  static const Words words = {"stdout", "stderr"};
  return words;
}
const Words& DropWords() {
  static const Words words = {"unknown-container", "duplicate", "earlier-life", "after-exit",
                              "failed-start"};
  return words;
}

}  // namespace scenarios
