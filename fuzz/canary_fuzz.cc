// A planted defect: a text that begins with DOCK stops the program. Whoever searches has to find
// it; must_find.py is the test. It shows that new coverage leads on (four comparisons, one after
// the other), that a crash is seen, and that its input is kept.
//
// Not covered: anything of Drydock. Its sibling action_canary_fuzz plants a defect of the client.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::string_view kSecret = "DOCK";
  std::size_t same = 0;
  while (same < kSecret.size() && same < size &&
         data[same] == static_cast<std::uint8_t>(kSecret[same])) {
    ++same;
  }
  if (same < kSecret.size()) return 0;
  std::cerr << "the canary was found\n";
  std::abort();
}
