// What the fields of scenario files may hold beside their type, as data: reading checks it, the
// schema says it.
//
// Reading throws JsonError. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "fake_containerd/json_node.h"
#include "scenarios/text/words.h"

namespace scenarios {

struct FieldRule {
  enum class On : std::uint8_t { kValue, kItems, kNames };

  std::string_view owner;  // an action's word, "setup", "guarantees", "failure"; "": any
  std::string_view field;
  // Words that may stand there: as the value, in the list, or as names in the object.
  On on = On::kValue;
  const Words& (*words)() = nullptr;
  // Of numbers.
  std::optional<std::uint64_t> lowest{};
  std::optional<std::uint64_t> highest{};
  void (*check)(const fake_containerd::JsonNode& node) = nullptr;
};

// Null if everything of its type may stand there.
const FieldRule* FindFieldRule(std::string_view owner, std::string_view field);
void CheckField(std::string_view owner, std::string_view field,
                const fake_containerd::JsonNode& node);

}  // namespace scenarios
