// The dictionaries of the fuzz targets, made from what the readers know: fuzz/*.dict are these
// texts, and a test says when they are not (tests/fuzz/dictionaries_test.cc).
//
// Threads: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fuzz {

struct Dictionary {
  std::string_view file;  // "scenario.dict"
  std::string text{};     // in libFuzzer's format
};

// In the order of their names. `recordings`: texts of recorded traces, whose words are those that
// the reader of recordings has to know.
std::vector<Dictionary> AllDictionaries(const std::vector<std::string>& recordings);

}  // namespace fuzz
