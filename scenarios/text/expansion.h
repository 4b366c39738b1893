// Variables in scenario files: "${name}", "${i+1}".
//
//   ${NAME}               its value
//   ${A+B}                also - * %; A and B are names or whole numbers
//   $${                   stands for ${
//
// A string that is nothing but one variable becomes its value, of whatever type. Inside other text
// a number, a flag or a text may stand.
//
// Reading throws JsonError. Threads: one at a time.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "fake_containerd/json_node.h"

namespace scenarios {

class Variables {
 public:
  // Hides others of that name until it is popped.
  void Push(std::string name, fake_containerd::JsonValue value) {
    values_.emplace_back(std::move(name), std::move(value));
  }
  void Pop() { values_.pop_back(); }
  const fake_containerd::JsonValue* Find(std::string_view name) const;
  std::vector<std::string_view> Names() const;

 private:
  std::vector<std::pair<std::string, fake_containerd::JsonValue>> values_;
};

// Letters, digits and _, no digit at the beginning.
bool IsVariableName(std::string_view name);

// A copy of the node's value with everything filled in. Takes what it costs from `bytes`, and
// refuses when they are used up.
fake_containerd::JsonValue Expand(const fake_containerd::JsonNode& node, const Variables& variables,
                                  std::size_t& bytes);

// Whatever is wrong with the value, or in it, is said of what stands there.
void MoveTo(fake_containerd::JsonValue& value, std::size_t offset);

// The text as it has to stand in a file so that reading it gives the text.
std::string EscapeVariables(std::string_view text);

}  // namespace scenarios
