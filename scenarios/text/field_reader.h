// FieldReader: reads what a Fields function describes from a JSON object.
//
// Reading throws JsonError. Threads: one at a time.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fake_containerd/json_node.h"
#include "scenarios/actions/fields.h"
#include "scenarios/text/field_rules.h"

namespace scenarios {

void ReadValue(const fake_containerd::JsonNode& node, std::string& value);
void ReadValue(const fake_containerd::JsonNode& node, bool& value);
void ReadValue(const fake_containerd::JsonNode& node, std::uint32_t& value);
void ReadValue(const fake_containerd::JsonNode& node, std::uint64_t& value);
void ReadValue(const fake_containerd::JsonNode& node, std::int64_t& value);
void ReadValue(const fake_containerd::JsonNode& node, Duration& value);
void ReadValue(const fake_containerd::JsonNode& node, JsonText& value);

template <class T>
void ReadValue(const fake_containerd::JsonNode& node, std::vector<T>& values) {
  values.clear();
  for (const fake_containerd::JsonNode& item : node.Items()) {
    ReadValue(item, values.emplace_back());
  }
}

template <class T>
void ReadValue(const fake_containerd::JsonNode& node, std::map<std::string, T>& values) {
  if (node.kind() != fake_containerd::JsonNode::Kind::kObject) node.Fail("is no object");
  values.clear();
  for (std::size_t i = 0; i < node.value().items.size(); ++i) {
    const fake_containerd::JsonNode item(node.document(), node.value().items[i]);
    ReadValue(item, values[node.value().names[i].text]);
  }
}

template <class T>
void ReadValue(const fake_containerd::JsonNode& node, std::optional<T>& value) {
  ReadValue(node, value.emplace());
}

class FieldReader {
 public:
  // `owner`: an action's word, or "setup" and so on, for the rules of its fields.
  FieldReader(const fake_containerd::JsonNode& object, std::string_view owner)
      : object_(object), owner_(owner) {}

  template <class T>
  void operator()(const FieldInfo& info, T& member) {
    const std::optional<fake_containerd::JsonNode> node =
        info.required ? object_.At(info.name) : object_.Find(info.name);
    if (!node) return;
    ReadValue(*node, member);
    CheckField(owner_, info.name, *node);
  }

 private:
  const fake_containerd::JsonNode& object_;
  std::string_view owner_;
};

}  // namespace scenarios
