// ActionReader: reads lists of actions and of groups, and expands what is to be expanded.
//
// Reading throws JsonError. Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "fake_containerd/json_node.h"
#include "libcontainerd/random.h"
#include "scenarios/action.h"
#include "scenarios/scenario_text.h"
#include "scenarios/text/expansion.h"

namespace scenarios {

class ActionReader {
 public:
  // Outlived by the document. `file`: of the actions' places.
  ActionReader(const fake_containerd::JsonDocument& document, std::string file, std::uint64_t seed,
               Variables variables)
      : document_(document),
        file_(std::move(file)),
        random_(seed),
        variables_(std::move(variables)) {}

  Actions ReadList(const fake_containerd::JsonNode& list);
  // Which is none that expands to several.
  Action ReadOne(const fake_containerd::JsonNode& node);
  // When everything was read: each label that is used was set, by one call.
  void CheckLabels() const;

 private:
  using Node = fake_containerd::JsonNode;

  void Read(const Node& node, Actions& actions);
  Action ReadPlain(const Node& node);
  void ReadRepeat(const Node& node, Actions& actions);
  void ReadForEach(const Node& node, Actions& actions);
  void ReadOneOf(const Node& node, Actions& actions);
  Action ReadParallel(const Node& node);
  Action ReadLater(const Node& node);
  Actions ReadIn(const Node& group);

  // With variables filled in.
  fake_containerd::JsonValue Filled(const Node& node);
  Place PlaceOf(const Node& node) const;
  // The name of the variable that counts, or "".
  std::string CounterOf(const Node& group) const;
  void Count(const Node& node);
  bool SetLabel(const std::string& label, std::size_t offset);
  void NoteLabels(const Node& node, const Action& action);

  const fake_containerd::JsonDocument& document_;
  const std::string file_;
  libcontainerd::Random random_;
  Variables variables_;
  std::size_t actions_ = 0;  // turns of groups count too
  std::size_t bytes_ = kMostExpandedBytes;
  std::size_t depth_ = 0;
  std::size_t later_ = 0;        // groups around that run beside others
  std::set<std::string> set_{};  // labels
  // Where they stand.
  std::vector<std::pair<std::string, std::size_t>> set_in_order_{};
  std::vector<std::pair<std::string, std::size_t>> used_{};
};

}  // namespace scenarios
