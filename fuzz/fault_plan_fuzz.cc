// The reader of fault plans: what it accepts is read again as it is written, and written again as
// the same text; a refusal says where.
//
// Not covered: that faults happen after the plan; request_fuzz and action_fuzz run plans.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "fake_containerd/fault_plan.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto plan = fake_containerd::FaultPlan::Parse(text);
  if (!plan) {
    const bool placed = plan.error().message.starts_with("faults:");
    if (!placed || plan.error().code != libcontainerd::ErrorCode::kInvalidArgument) std::abort();
    return 0;
  }
  const auto again = fake_containerd::FaultPlan::Parse(plan->ToString());
  if (!again || !(*again == *plan) || again->ToString() != plan->ToString()) std::abort();
  return 0;
}
