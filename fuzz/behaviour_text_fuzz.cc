// What a container's config.json, its arguments or a script say about a process's behaviour.
//
// What is understood is said again, in both forms, so that it is understood as the same.
//
// Not covered: what a process does then (action_fuzz has some), and behaviours that only a program
// can make: what cannot be said is not in the input.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "fake_containerd/behaviour_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using fake_containerd::ParseBehaviour;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto as_argument = ParseBehaviour(std::vector<std::string>{text});
  for (const auto& parsed : {ParseBehaviour(std::string_view(text)), as_argument}) {
    if (!parsed) {
      if (parsed.error().code != libcontainerd::ErrorCode::kInvalidArgument) std::abort();
      continue;
    }
    const std::string printed = fake_containerd::PrintBehaviour(*parsed);
    const auto again = ParseBehaviour(std::string_view(printed));
    if (!again || *again != *parsed || fake_containerd::PrintBehaviour(*again) != printed) {
      std::abort();
    }
    const auto terms = ParseBehaviour(fake_containerd::BehaviourTerms(*parsed));
    if (!terms || *terms != *parsed) std::abort();
  }
  return 0;
}
