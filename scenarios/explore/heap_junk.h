// HeapJunk: blocks of many sizes, half of them freed again, so that what is allocated afterwards
// lies elsewhere: whoever depends on the order of pointers is found out.
//
// Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "libcontainerd/random.h"

namespace scenarios {

class HeapJunk {
 public:
  explicit HeapJunk(std::uint64_t seed) {
    libcontainerd::Random random(seed ^ 0x6a756e6b);
    constexpr std::size_t kBlocks = 512;
    for (std::size_t i = 0; i < kBlocks; ++i)
      blocks_.push_back(std::make_unique<char[]>(1 + static_cast<std::size_t>(random.Below(512))));
    for (auto& block : blocks_) {
      if (random.Chance(1, 2)) block.reset();
    }
  }

 private:
  std::vector<std::unique_ptr<char[]>> blocks_;
};

}  // namespace scenarios
