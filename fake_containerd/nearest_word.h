// The word that somebody probably meant.
//
// Threads: any.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace fake_containerd {

// How many characters are to be added, removed, replaced or exchanged with their neighbour. Of long
// texts only the beginning is looked at, so that hostile ones cost nothing.
std::size_t WordDistance(std::string_view a, std::string_view b);

// The nearest of the words; if all differ in more than a third of the text, one that begins with
// it, if there is one.
std::optional<std::string_view> NearestWord(std::string_view text,
                                            std::span<const std::string_view> words);

}  // namespace fake_containerd
