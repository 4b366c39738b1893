// The conformance rig over loopback, for tests that let virtual time pass between looks.
//
// Threads: none; everything happens on the test's.
#pragma once

#include <algorithm>
#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "tests/conformance/rig.h"

namespace drydock_tests {

// Lets virtual time pass until it holds.
inline void Until(Rig& rig, const std::function<bool()>& condition, const std::string& otherwise) {
  constexpr int kSteps = 600;  // 30 s
  for (int i = 0; i < kSteps; ++i) {
    if (condition()) return;
    rig.Advance(std::chrono::milliseconds(50));
  }
  ADD_FAILURE() << otherwise;
}
inline bool HasLine(Rig& rig, const std::string& line) {
  return std::ranges::count(rig.engine().lines(), line) > 0;
}
inline void UntilLine(Rig& rig, const std::string& line) {
  Until(
      rig, [&] { return HasLine(rig, line); }, "no callback \"" + line + "\"");
}
template <class T>
std::string ResultOf(Rig& rig, const Pending<T>& pending) {
  Until(
      rig, [&] { return pending->has_value(); }, "a call did not return");
  return pending->has_value() ? Describe(**pending) : "did not return";
}

}  // namespace drydock_tests
