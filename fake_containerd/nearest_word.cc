#include "fake_containerd/nearest_word.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace fake_containerd {

std::size_t WordDistance(std::string_view a, std::string_view b) {
  constexpr std::size_t kLongest = 64;
  a = a.substr(0, kLongest);
  b = b.substr(0, kLongest);
  std::vector<std::size_t> above(b.size() + 1);  // of a without its last two characters
  std::vector<std::size_t> row(b.size() + 1);    // of a without its last one
  std::vector<std::size_t> next(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    next[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = row[j] + (a[i] == b[j] ? 0 : 1);
      next[j + 1] = std::min({next[j] + 1, row[j + 1] + 1, replaced});
      const bool exchanged = i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j];
      if (exchanged) next[j + 1] = std::min(next[j + 1], above[j - 1] + 1);
    }
    above.swap(row);
    row.swap(next);
  }
  return row.back();
}

std::optional<std::string_view> NearestWord(std::string_view text,
                                            std::span<const std::string_view> words) {
  std::optional<std::string_view> nearest;
  std::size_t shortest = std::max<std::size_t>(text.size() / 3, 1);
  for (const std::string_view word : words) {
    const std::size_t distance = WordDistance(text, word);
    if (distance > shortest || (nearest && distance == shortest)) continue;
    nearest = word;
    shortest = distance;
  }
  if (nearest || text.size() < 3) return nearest;
  const auto longer =
      std::ranges::find_if(words, [&](std::string_view word) { return word.starts_with(text); });
  if (longer != words.end()) nearest = *longer;
  return nearest;
}

}  // namespace fake_containerd
