#include "scenarios/text/action_reader.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <span>
#include <tuple>

#include "fake_containerd/nearest_word.h"
#include "scenarios/text/field_reader.h"
#include "scenarios/text/words.h"

namespace scenarios {

using fake_containerd::JsonNode;
using fake_containerd::JsonValue;
using fake_containerd::QuoteJson;

namespace {

constexpr std::array<std::string_view, 7> kGroups = {"repeat", "for_each", "one_of", "parallel",
                                                     "at",     "after",    "when"};

std::string InQuotes(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

// --- What one action says as a whole ------------------------------------------------------------

// One thing to wait for, and what belongs to that.
void CheckCondition(const JsonNode& node) {
  constexpr std::array<std::string_view, 7> kThings = {"callback", "rpc",  "event", "held",
                                                       "fired",    "call", "output"};
  std::optional<std::string_view> thing;
  for (const std::string_view one : kThings) {
    if (!node.Find(one)) continue;
    if (thing) node.Fail("has both " + InQuotes(*thing) + " and " + InQuotes(one));
    thing = one;
  }
  if (!thing) {
    node.Fail("lacks what is waited for, one of callback, rpc, event, held, fired, call, output");
  }
  const bool output = thing == "output";
  const bool with_id = output || thing == "rpc" || thing == "event";
  for (const std::string_view field : {"id", "process", "text"}) {
    const auto found = node.Find(field);
    const bool fits = field == "text" ? output : with_id;
    if (found && !fits) found->Fail("does not belong to " + InQuotes(*thing));
  }
  if (output) {
    node.At("id");
    node.At("text");
  }
  if (node.Find("process")) node.At("id");
  const auto count = node.Find("count");
  if (count && (thing == "call" || output)) {
    count->Fail("does not belong to " + InQuotes(*thing));
  }
}

template <class T>
void CheckAction(const JsonNode&, const T&) {}

void CheckAction(const JsonNode& node, const action::Create&) {
  if (node.Find("checkpoint_dir") && !node.Find("checkpoint")) {
    node.Fail("has a \"checkpoint_dir\" and no \"checkpoint\"");
  }
  if (node.Find("runtime_args") && !node.Find("runtime")) {
    node.Fail("has \"runtime_args\" and no \"runtime\"");
  }
}
void CheckAction(const JsonNode& node, const action::Release&) {
  if (node.Find("count") && !node.Find("point")) node.Fail("has a \"count\" and no \"point\"");
}
void CheckAction(const JsonNode& node, const action::WaitFor&) {
  CheckCondition(node);
}
void CheckAction(const JsonNode& node, const action::Expect& expect) {
  if (expect == action::Expect()) node.Fail("expects nothing");
}

// --- One action ---------------------------------------------------------------------------------

using ReadFunction = action::What (*)(const JsonNode& node);

template <class T>
action::What ReadAs(const JsonNode& node) {
  static const Words fields = [] {
    Words names = FieldNames<T>();
    names.insert(names.begin(), "do");
    return names;
  }();
  node.Object(fields);
  T what;
  FieldReader read(node, T::kWord);
  T::Fields(what, read);
  CheckAction(node, what);
  return what;
}

ReadFunction FindReader(std::string_view word) {
  static const std::map<std::string_view, ReadFunction> readers = [] {
    std::map<std::string_view, ReadFunction> all;
    ForEachActionType([&]<class T>(const T&) { all.emplace(T::kWord, &ReadAs<T>); });
    return all;
  }();
  const auto found = readers.find(word);
  return found == readers.end() ? nullptr : found->second;
}

// --- Groups -------------------------------------------------------------------------------------

// The field that makes it a group, if one does.
std::optional<std::string_view> GroupOf(const JsonNode& node) {
  std::optional<std::string_view> group;
  for (const std::string_view field : kGroups) {
    if (!node.Find(field)) continue;
    if (group) node.Fail("has both " + InQuotes(*group) + " and " + InQuotes(field));
    group = field;
  }
  return group;
}

std::vector<JsonNode> Branches(const JsonNode& node, std::string_view group) {
  const JsonNode list = node.At(group);
  std::vector<JsonNode> branches = list.Items();
  if (branches.empty()) list.Fail("is empty");
  return branches;
}

// Of one level more, as long as it lives.
class Level {
 public:
  explicit Level(std::size_t& depth) : depth_(depth) { ++depth_; }
  ~Level() { --depth_; }
  Level(const Level&) = delete;
  Level& operator=(const Level&) = delete;

 private:
  std::size_t& depth_;
};

}  // namespace

Actions ActionReader::ReadList(const Node& list) {
  Actions actions;
  for (const Node& node : list.Items()) Read(node, actions);
  return actions;
}

Action ActionReader::ReadOne(const Node& node) {
  Actions actions;
  if (node.kind() == Node::Kind::kObject) {
    const auto group = GroupOf(node);
    if (group == "repeat" || group == "for_each" || group == "one_of") {
      node.Fail("is a group that expands to several actions, expected one action");
    }
  }
  Read(node, actions);
  return std::move(actions.front());
}

void ActionReader::Read(const Node& node, Actions& actions) {
  if (node.kind() != Node::Kind::kObject) node.Fail("is no object");
  Count(node);
  if (node.Find("do")) {
    actions.push_back(ReadPlain(node));
    return;
  }
  const Level level(depth_);
  if (depth_ > kDeepestGroups) {
    node.Fail("is nested too deeply, expected at most " + std::to_string(kDeepestGroups) +
              " groups in each other");
  }
  const auto group = GroupOf(node);
  if (!group) {
    node.Fail("lacks \"do\", or one of repeat, for_each, one_of, parallel, at, after, when");
  }
  if (group == "repeat") return ReadRepeat(node, actions);
  if (group == "for_each") return ReadForEach(node, actions);
  if (group == "one_of") return ReadOneOf(node, actions);
  actions.push_back(group == "parallel" ? ReadParallel(node) : ReadLater(node));
}

Action ActionReader::ReadPlain(const Node& unfilled) {
  const JsonValue value = Filled(unfilled);
  const Node node(document_, value);
  const Node word = node.At("do");
  const ReadFunction read = FindReader(word.Text());
  if (read == nullptr) word.FailAsWord(word.Text(), ActionWords());
  Action action{read(node), PlaceOf(node)};
  const auto wait = node.Find("wait");
  if (wait && wait->Flag() && later_ > 0) {
    wait->Fail("is true in a group that runs beside others, where no call waits");
  }
  NoteLabels(node, action);
  return action;
}

void ActionReader::ReadRepeat(const Node& node, Actions& actions) {
  constexpr std::array<std::string_view, 3> kFields = {"repeat", "as", "actions"};
  node.Object(kFields);
  const JsonValue count = Filled(node.At("repeat"));
  const std::uint64_t times = Node(document_, count).Number(0, kMostActions);
  const std::string counter = CounterOf(node);
  for (std::uint64_t i = 0; i < times; ++i) {
    Count(node);
    JsonValue number{
        .kind = JsonValue::Kind::kNumber, .offset = node.value().offset, .text = std::to_string(i)};
    if (!counter.empty()) variables_.Push(counter, std::move(number));
    Actions turn = ReadIn(node);
    std::ranges::move(turn, std::back_inserter(actions));
    if (!counter.empty()) variables_.Pop();
  }
}

void ActionReader::ReadForEach(const Node& node, Actions& actions) {
  constexpr std::array<std::string_view, 3> kFields = {"for_each", "as", "actions"};
  node.Object(kFields).At("as");
  const std::string counter = CounterOf(node);
  const JsonValue values = Filled(node.At("for_each"));
  for (const Node& value : Node(document_, values).Items()) {
    Count(node);
    variables_.Push(counter, value.value());
    Actions turn = ReadIn(node);
    std::ranges::move(turn, std::back_inserter(actions));
    variables_.Pop();
  }
}

void ActionReader::ReadOneOf(const Node& node, Actions& actions) {
  constexpr std::array<std::string_view, 1> kFields = {"one_of"};
  node.Object(kFields);
  const std::vector<Node> branches = Branches(node, "one_of");
  const std::uint64_t drawn = random_.Below(branches.size());
  // All are read, for what may be wrong with them; labels of those that are not drawn do not count.
  std::vector<std::pair<std::string, std::size_t>> labels;
  for (std::size_t i = 0; i < branches.size(); ++i) {
    const std::size_t set = set_in_order_.size();
    const std::size_t used = used_.size();
    Actions branch = ReadList(branches[i]);
    if (i == drawn) {
      labels.assign(set_in_order_.begin() + static_cast<std::ptrdiff_t>(set), set_in_order_.end());
      std::ranges::move(branch, std::back_inserter(actions));
    } else {
      used_.resize(used);
    }
    for (; set_in_order_.size() > set; set_in_order_.pop_back()) {
      set_.erase(set_in_order_.back().first);
    }
  }
  for (auto& [label, offset] : labels) SetLabel(label, offset);
}

Action ActionReader::ReadParallel(const Node& node) {
  constexpr std::array<std::string_view, 1> kFields = {"parallel"};
  node.Object(kFields);
  const Level level(later_);
  action::Parallel parallel;
  for (const Node& branch : Branches(node, "parallel")) {
    parallel.branches.push_back(ReadList(branch));
  }
  return {std::move(parallel), PlaceOf(node)};
}

Action ActionReader::ReadLater(const Node& node) {
  constexpr std::array<std::string_view, 4> kFields = {"at", "after", "when", "actions"};
  node.Object(kFields);
  action::Later later;
  for (const char* field : {"at", "after"}) {
    if (!node.Find(field)) continue;
    const JsonValue length = Filled(node.At(field));
    ReadValue(Node(document_, length), field == std::string_view("at") ? later.at : later.after);
  }
  if (node.Find("when")) {
    const JsonValue value = Filled(node.At("when"));
    const Node when(document_, value);
    static const Words fields = FieldNames<action::Condition>();
    when.Object(fields);
    FieldReader read(when, "wait");
    action::Condition::Fields(later.when.emplace(), read);
    CheckCondition(when);
    if (!later.when->call.empty())
      used_.emplace_back(later.when->call, when.At("call").value().offset);
  }
  const Level level(later_);
  later.actions = ReadIn(node);
  return {std::move(later), PlaceOf(node)};
}

Actions ActionReader::ReadIn(const Node& group) {
  const Node list = group.At("actions");
  if (list.kind() == Node::Kind::kList && list.value().items.empty()) list.Fail("is empty");
  return ReadList(list);
}

JsonValue ActionReader::Filled(const Node& node) {
  return Expand(node, variables_, bytes_);
}

Place ActionReader::PlaceOf(const Node& node) const {
  const auto [line, column] = document_.LineAndColumn(node.value().offset);
  return {file_, line, column};
}

std::string ActionReader::CounterOf(const Node& group) const {
  const auto as = group.Find("as");
  if (!as) return "";
  std::string name = as->Text();
  if (!IsVariableName(name)) {
    as->Fail("is " + QuoteJson(name) + ", expected a name of letters, digits and _");
  }
  return name;
}

void ActionReader::Count(const Node& node) {
  if (++actions_ > kMostActions) {
    node.Fail("expands to too much, expected at most " + std::to_string(kMostActions) + " actions");
  }
}

void ActionReader::NoteLabels(const Node& node, const Action& action) {
  const auto call = node.Find("call");
  std::string label;
  if (call) ReadValue(*call, label);
  if (std::holds_alternative<action::Await>(action.what) ||
      std::holds_alternative<action::WaitFor>(action.what)) {
    if (call) used_.emplace_back(label, call->value().offset);
  } else if (call) {
    if (label.empty()) call->Fail("is empty");
    if (!SetLabel(label, call->value().offset)) {
      call->Fail("is " + QuoteJson(label) + ", which is the label of another call already");
    }
  }
  if (!std::holds_alternative<action::Expect>(action.what)) return;
  const auto results = node.Find("results");
  if (!results) return;
  for (std::size_t i = 0; i < results->value().items.size(); ++i) {
    used_.emplace_back(results->value().names[i].text, results->value().names[i].offset);
  }
}

bool ActionReader::SetLabel(const std::string& label, std::size_t offset) {
  if (!set_.insert(label).second) return false;
  set_in_order_.emplace_back(label, offset);
  return true;
}

void ActionReader::CheckLabels() const {
  const Words known(set_.begin(), set_.end());
  for (const auto& [label, offset] : used_) {
    if (set_.contains(label)) continue;
    std::string what = "is " + QuoteJson(label) + ", expected the label of a call";
    if (const auto nearest = fake_containerd::NearestWord(label, known)) {
      what.append("; did you mean \"").append(*nearest).append("\"?");
    } else if (known.empty()) {
      what += ", and no call has one";
    }
    document_.Fail(offset, what);
  }
}

}  // namespace scenarios
