// FaultPlan: which faults happen where, in the one grammar that containerd's own failpoints use
// (gofail's), and the list of everything that the grammar offers.
//
//   FaultPlan::Parse("rpc.State.received=5*off->1*error(UNAVAILABLE:busy)->1*delay(100ms)")
//   FaultPlan::Parse("event.exit@web=25.0%drop; daemon=1*panic   # a comment")
//
//   plan    rules, separated by `;` or line ends; `#` begins a comment
//   rule    point[@subject]=term->term->…
//   subject a container's id, or id/process; without one the rule is for everybody
//   term    [probability%][times*]action[(argument)]
//
// Whenever something passes a point, the first rule of that point and subject that has a term to
// offer decides. Of a rule's terms the first counts that is not used up (`times`) and whose
// probability comes true; the last one without `times` lasts for ever; when nothing is left,
// nothing happens. Each draw of a probability is from the injector's seed.
//
// Which action may stand at which point is data: InjectionPoints(). docs/faults.md shows it all.
//
// Plain values; every function may be called from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fake_containerd/model.h"
#include "libcontainerd/error.h"

namespace fake_containerd {

enum class FaultAction : std::uint8_t {
  kOff,          // nothing: for `5*off`, the first five times
  kError,        // it fails with this code and text
  kDelay,        // it takes so much longer
  kDrop,         // it is lost
  kPanic,        // the daemon crashes, here
  kRestart,      // the daemon crashes and comes back after so long
  kHang,         // the daemon's main loop stands still for so long
  kDuplicate,    // it happens twice
  kReorder,      // it comes after the next so many
  kChange,       // one of its fields becomes another
  kBreak,        // the stream or connection ends
  kStall,        // nothing comes for so long
  kHalfOpen,     // nothing comes any more, and nobody is told
  kRefuse,       // nobody listens for so long
  kReset,        // the connection ends without a goodbye
  kLostLog,      // the event log is gone
  kTruncateLog,  // the newer half of the event log is gone
  kCorruptLog,   // the event log holds a line that is no event
  kNeverOpen,    // the streams are never opened
  kHoldOpen,     // the streams stay open for so much longer
  kCloseEarly,   // the streams are closed
  kFull,         // no space is left
  kReadOnly,     // the file system is read-only
  kDeadlock,     // nobody is told of events any more, and the next one stops the main loop
};

// What stands in an action's parentheses.
enum class FaultArgument : std::uint8_t {
  kNone,
  kDuration,          // 100ms, 1.5s, as Go writes them; not negative
  kOptionalDuration,  // the same; without one: for ever
  kCount,             // from 1
  kError,             // text, or CODE:text with gRPC's name of a code; UNKNOWN without one
  kField,             // field=value, of an event: type, id, pid, status or timestamp
};

struct FaultActionInfo {
  FaultAction action = FaultAction::kOff;
  std::string_view name{};
  FaultArgument argument = FaultArgument::kNone;
  std::string_view sentence{};
};
// All of them, in the order of the enum.
std::span<const FaultActionInfo> FaultActions();
std::string_view FaultActionName(FaultAction action);

// A place where something can be held, made to fail, or both.
struct InjectionPoint {
  std::string name{};
  std::string sentence{};
  bool holdable = false;
  // What a plan may do there; kOff can stand everywhere and is not listed.
  std::vector<FaultAction> actions{};
};
// All of them, sorted as they are documented.
const std::vector<InjectionPoint>& InjectionPoints();
// Null when there is none of that name.
const InjectionPoint* FindInjectionPoint(std::string_view name);
// The name that is most like this one.
std::string_view NearestInjectionPoint(std::string_view name);

// One percent of a term's probability, which is in millionths.
inline constexpr std::uint32_t kPercent = 10'000;

struct FaultTerm {
  FaultAction action = FaultAction::kOff;
  std::optional<std::uint64_t> times{};        // none: for ever
  std::optional<std::uint32_t> probability{};  // in millionths; none: always
  Duration duration{0};                        // kDuration, kOptionalDuration; 0: for ever
  std::uint64_t count = 0;                     // kCount
  libcontainerd::Error error{};                // kError
  std::string field{};                         // kField
  std::string value{};                         // kField

  friend bool operator==(const FaultTerm&, const FaultTerm&) = default;
};
// As the grammar writes it.
std::string ToString(const FaultTerm& term);

struct FaultRule {
  std::string point{};
  std::string subject{};  // empty: everybody
  std::vector<FaultTerm> terms{};

  friend bool operator==(const FaultRule&, const FaultRule&) = default;
};

class FaultPlan {
 public:
  FaultPlan() = default;  // nothing goes wrong
  explicit FaultPlan(std::vector<FaultRule> rules) : rules_(std::move(rules)) {}

  // Errors are INVALID_ARGUMENT and say `NAME:LINE:COLUMN: "what stands there": what was expected`.
  static libcontainerd::Result<FaultPlan> Parse(std::string_view text,
                                                std::string_view name = "faults");
  // One rule a line. Parse(ToString()) is the same plan.
  std::string ToString() const;

  const std::vector<FaultRule>& rules() const { return rules_; }
  bool empty() const { return rules_.empty(); }
  // Some rule is for a point of that beginning ("connection.").
  bool Names(std::string_view prefix) const;

  friend bool operator==(const FaultPlan&, const FaultPlan&) = default;

 private:
  std::vector<FaultRule> rules_;
};

}  // namespace fake_containerd
