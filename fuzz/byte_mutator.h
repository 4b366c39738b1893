// ByteMutator: random changes of inputs that nothing is known of, for targets without a mutator of
// their own when libFuzzer is not there.
//
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libcontainerd/random.h"

namespace fuzz {

// The words of a dictionary in libFuzzer's format: NAME="WORD" or "WORD" on each line, with \\, \"
// and \xHH; # begins a comment. Lines that are none are left out.
std::vector<std::string> ReadDictionary(std::string_view text);

class ByteMutator {
 public:
  // The generator outlives it.
  ByteMutator(libcontainerd::Random& random, std::vector<std::string> dictionary)
      : random_(random), dictionary_(std::move(dictionary)) {}

  // One to four changes of `input`, which may take bytes from `other`; at most `most` bytes.
  std::string Mutate(const std::string& input, const std::string& other, std::size_t most);

 private:
  void Change(std::string& text, const std::string& other);
  std::size_t Place(const std::string& text) { return random_.Below(text.size() + 1); }

  libcontainerd::Random& random_;
  std::vector<std::string> dictionary_;
};

}  // namespace fuzz
