// The word that somebody probably meant.
//
// Threads: any.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace fake_containerd {

// How many characters are to be added, removed or replaced (Levenshtein). Of long texts only the
// beginning is looked at, so that hostile ones cost nothing.
std::size_t WordDistance(std::string_view a, std::string_view b);

// The nearest of the words, none if all differ in more than a third of the text.
std::optional<std::string_view> NearestWord(std::string_view text,
                                            std::span<const std::string_view> words);

}  // namespace fake_containerd
