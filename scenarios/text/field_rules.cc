#include "scenarios/text/field_rules.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <span>
#include <string>

#include "fake_containerd/behaviour_text.h"
#include "fake_containerd/fault_plan.h"
#include "fake_containerd/go_duration.h"
#include "fake_containerd/nearest_word.h"
#include "fake_containerd/script_choices.h"
#include "libcontainerd/time_text.h"
#include "scenarios/scenario_text.h"
#include "scenarios/text/field_reader.h"

namespace scenarios {

using fake_containerd::JsonNode;
using fake_containerd::QuoteJson;

namespace {

using On = FieldRule::On;

// As reading takes it: perhaps bytes in hex.
std::string TextOf(const JsonNode& node) {
  std::string text;
  ReadValue(node, text);
  return text;
}

std::string_view FirstWord(std::string_view text) {
  return text.substr(0, text.find(' '));
}

bool IsOne(std::string_view word, std::span<const std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

std::string Suggestion(std::string_view word, std::span<const std::string_view> words) {
  const auto nearest = fake_containerd::NearestWord(word, words);
  return nearest ? "; did you mean \"" + std::string(*nearest) + "\"?" : "";
}

std::vector<std::string_view> SplitWords(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t space = text.find(' ');
    words.push_back(text.substr(0, space));
    if (space == std::string_view::npos) return words;
    text.remove_prefix(space + 1);
  }
}

bool IsStatus(std::string_view text) {
  std::uint32_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc() && read.ptr == text.data() + text.size();
}

// --- Texts --------------------------------------------------------------------------------------

void CheckResult(const JsonNode& node) {
  const std::string text = TextOf(node);
  if (text == "OK" || text == action::kAnyResult || text == "pending") return;
  const std::string_view code = FirstWord(text);
  if (IsOne(code, CodeWords())) return;
  Words words = CodeWords();
  words.insert(words.end(), {"OK", action::kAnyResult, "pending"});
  node.Fail("is " + QuoteJson(text) +
            ", expected OK, any, pending, or a code, as NOT_FOUND, with or without the full text "
            "after it" +
            Suggestion(code, words));
}

void CheckResults(const JsonNode& node) {
  for (const auto& result : node.value().items) CheckResult(JsonNode(node.document(), result));
}

void CheckError(const JsonNode& node) {
  const std::string text = TextOf(node);
  const std::string_view code = FirstWord(text);
  if (IsOne(code, CodeWords())) return;
  node.Fail("is " + QuoteJson(text) + ", expected a code and a text, as INTERNAL disk full" +
            Suggestion(code, CodeWords()));
}

void CheckBehaviour(const JsonNode& node) {
  const auto behaviour = fake_containerd::ParseBehaviour(TextOf(node));
  if (!behaviour) node.Fail("is no behaviour: " + behaviour.error().message);
}

void CheckPlan(const JsonNode& node) {
  const auto plan = fake_containerd::FaultPlan::Parse(TextOf(node));
  if (!plan) node.Fail("is no fault plan: " + plan.error().message);
}

void CheckChoices(const JsonNode& node) {
  fake_containerd::ReadChoices(node);
}

// A text is handed over as it is: that, too, is something to try.
void CheckSpec(const JsonNode& node) {
  if (node.kind() == JsonNode::Kind::kObject || node.kind() == JsonNode::Kind::kText) return;
  node.Fail("is neither an object nor a text");
}

void CheckStamp(const JsonNode& node) {
  const std::string text = TextOf(node);
  if (text == "again" || libcontainerd::ParseTime(text)) return;
  if (fake_containerd::ParseGoDuration(text)) return;
  node.Fail("is " + QuoteJson(text) +
            ", expected a time (as 2016-10-05T00:00:00Z), a duration from now (as -1ms), or again");
}

// --- Points, "NAME@ID/PROCESS" ------------------------------------------------------------------

void CheckPoint(const fake_containerd::JsonDocument& document, std::size_t offset,
                std::string_view text, const Words& words, std::string_view expected) {
  const std::string_view name = text.substr(0, text.find('@'));
  if (!IsOne(name, words)) {
    document.Fail(offset, "is " + QuoteJson(text) + ", expected " + std::string(expected) +
                              Suggestion(name, words));
  }
  if (name.size() + 1 == text.size()) {
    document.Fail(offset, "is " + QuoteJson(text) + ", expected a container's id after @");
  }
}

void CheckPointValue(const JsonNode& node, const Words& words, std::string_view expected) {
  CheckPoint(node.document(), node.value().offset, TextOf(node), words, expected);
}

constexpr std::string_view kHoldable = "a point that can be held (docs/faults.md)";
constexpr std::string_view kFailing = "a point of the engine that can fail";
constexpr std::string_view kFaulty = "a point where faults happen (docs/faults.md)";

void CheckHoldPoint(const JsonNode& node) {
  CheckPointValue(node, HoldPointWords(), kHoldable);
}
void CheckFailPoint(const JsonNode& node) {
  CheckPointValue(node, FailPointWords(), kFailing);
}
void CheckFaultPoint(const JsonNode& node) {
  CheckPointValue(node, FaultPointWords(), kFaulty);
}

void CheckPointNames(const JsonNode& node, const Words& words, std::string_view expected) {
  for (const auto& name : node.value().names) {
    CheckPoint(node.document(), name.offset, name.text, words, expected);
  }
}
void CheckHeldPoints(const JsonNode& node) {
  CheckPointNames(node, HoldPointWords(), kHoldable);
}
void CheckFiredPoints(const JsonNode& node) {
  CheckPointNames(node, FaultPointWords(), kFaulty);
}

// --- Lines of callbacks -------------------------------------------------------------------------

// What is wrong with "exit 3 oom"; empty: nothing.
std::string ProblemOfCallback(std::string_view line) {
  const std::vector<std::string_view> words = SplitWords(line);
  const std::string_view state = words[0];
  if (!IsOne(state, CallbackWords())) {
    std::string expected;
    for (const std::string_view word : CallbackWords()) {
      expected.append(expected.empty() ? "" : ", ").append(word);
    }
    return "expected one of " + expected + Suggestion(state, CallbackWords());
  }
  const bool exec = state == "exit-process";
  const std::size_t named = exec ? 1 : 0;  // words that name the process
  const std::size_t status = exec || state == "exit" ? 1 : 0;
  const std::size_t least = 1 + named + status;
  std::string form(state);
  form.append(named > 0 ? " PROCESS" : "").append(status > 0 ? " STATUS, with or without oom" : "");
  std::string expected = "expected " + form;
  if (words.size() < least || words.size() > least + status) return expected;
  if (status > 0 && !IsStatus(words[least - 1])) return expected;
  if (words.size() > least && words[least] != "oom") return expected;
  if (IsOne("", words)) return expected;
  return "";
}

// "web exit 3", or "web attach init", which no list of callbacks has.
void CheckCallbackCondition(const JsonNode& node) {
  const std::string text = TextOf(node);
  const std::size_t space = text.find(' ');
  if (space == std::string::npos || space == 0) {
    node.Fail("is " + QuoteJson(text) + ", expected a container and a callback, as web exit 3");
  }
  const std::string_view callback = std::string_view(text).substr(space + 1);
  const std::vector<std::string_view> words = SplitWords(callback);
  if (words[0] == "attach") {
    if (words.size() == 2 && !words[1].empty()) return;
    node.Fail("is " + QuoteJson(text) + ", expected attach PROCESS");
  }
  const std::string problem = ProblemOfCallback(callback);
  if (!problem.empty()) node.Fail("is " + QuoteJson(text) + ", " + problem);
}

void CheckCallbacks(const JsonNode& node) {
  for (const auto& lines : node.value().items) {
    for (const JsonNode& line : JsonNode(node.document(), lines).Items()) {
      const std::string problem = ProblemOfCallback(TextOf(line));
      if (!problem.empty()) line.Fail("is " + QuoteJson(TextOf(line)) + ", " + problem);
    }
  }
}

// --- Lists --------------------------------------------------------------------------------------

void CheckSorted(const JsonNode& node) {
  const std::vector<JsonNode> items = node.Items();
  for (std::size_t i = 1; i < items.size(); ++i) {
    if (TextOf(items[i]) >= TextOf(items[i - 1])) continue;
    items[i].Fail("is " + QuoteJson(TextOf(items[i])) + ", expected it before " +
                  QuoteJson(TextOf(items[i - 1])) + ": the list is sorted");
  }
}

void CheckFiles(const JsonNode& node) {
  for (const auto& files : node.value().items) CheckSorted(JsonNode(node.document(), files));
}

void CheckOnce(const JsonNode& node) {
  const std::vector<JsonNode> items = node.Items();
  for (std::size_t i = 0; i < items.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (TextOf(items[i]) != TextOf(items[j])) continue;
      items[i].Fail("is " + QuoteJson(TextOf(items[i])) + ", which stands there twice");
    }
  }
}

// "Signal web/init 9"
void CheckSent(const JsonNode& node) {
  for (std::size_t i = 0; i < node.value().items.size(); ++i) {
    const std::string_view method = FirstWord(node.value().names[i].text);
    if (IsOne(method, MethodWords())) continue;
    node.document().Fail(node.value().names[i].offset,
                         "is no request, expected a method and what it is about, as Signal "
                         "web/init 9" +
                             Suggestion(method, MethodWords()));
  }
}

void CheckFailureId(const JsonNode& node) {
  const std::string id = TextOf(node);
  const bool formed = id.size() == 3 && id[0] == 'B' && IsStatus(std::string_view(id).substr(1));
  if (formed && id >= "B01" && id <= "B65") return;
  node.Fail("is " + QuoteJson(id) + ", expected B01 to B65");
}

const Words& BreakableWords() {
  static const Words words = [] {
    Words all = GuaranteeWords();
    all.push_back("expectations");
    return all;
  }();
  return words;
}

const Words& ResourceWords() {
  static const Words words = {"blkioWeight",       "cpuShares",         "cpuPeriod",
                              "cpuQuota",          "memoryLimit",       "memorySwap",
                              "memoryReservation", "kernelMemoryLimit", "kernelTCPMemoryLimit",
                              "blkioLeafWeight",   "pidsLimit"};
  return words;
}

const auto& Rules() {
  static const std::vector<FieldRule> rules = {
      {.owner = "", .field = "returns", .check = CheckResult},
      {.owner = "create", .field = "spec", .check = CheckSpec},
      {.owner = "update", .field = "resources", .on = On::kNames, .words = ResourceWords},
      {.owner = "", .field = "behaviour", .check = CheckBehaviour},
      {.owner = "", .field = "plan", .check = CheckPlan},
      {.owner = "", .field = "choices", .check = CheckChoices},
      {.owner = "fail", .field = "point", .check = CheckFailPoint},
      {.owner = "fail", .field = "error", .check = CheckError},
      {.owner = "fail", .field = "times", .highest = kMostTimes},
      {.owner = "", .field = "times", .lowest = 1, .highest = kMostTimes},
      {.owner = "hold", .field = "point", .check = CheckHoldPoint},
      {.owner = "release", .field = "point", .check = CheckHoldPoint},
      {.owner = "", .field = "count", .lowest = 1},
      {.owner = "exit", .field = "code", .highest = 255},
      {.owner = "emit", .field = "type", .words = EventWords},
      {.owner = "emit", .field = "timestamp", .check = CheckStamp},
      {.owner = "write", .field = "stream", .words = StreamWords},
      {.owner = "", .field = "callback", .check = CheckCallbackCondition},
      {.owner = "", .field = "rpc", .words = MethodWords},
      {.owner = "", .field = "event", .words = EventWords},
      {.owner = "expect", .field = "held", .check = CheckHeldPoints},
      {.owner = "expect", .field = "fired", .check = CheckFiredPoints},
      {.owner = "wait", .field = "held", .check = CheckHoldPoint},
      {.owner = "wait", .field = "fired", .check = CheckFaultPoint},
      {.owner = "", .field = "output", .words = StreamWords},
      {.owner = "expect", .field = "callbacks", .check = CheckCallbacks},
      {.owner = "expect", .field = "files", .check = CheckFiles},
      {.owner = "expect", .field = "tracked", .check = CheckSorted},
      {.owner = "expect", .field = "running", .check = CheckSorted},
      {.owner = "expect", .field = "sent", .check = CheckSent},
      {.owner = "expect", .field = "results", .check = CheckResults},
      {.owner = "expect", .field = "dropped", .on = On::kNames, .words = DropWords},
      {.owner = "setup", .field = "timing", .on = On::kNames, .words = TimingWords},
      {.owner = "setup", .field = "health_failures", .lowest = 1},
      {.owner = "setup", .field = "faults", .check = CheckPlan},
      {.owner = "setup", .field = "subscriber_queue", .lowest = 1},
      {.owner = "setup", .field = "daemon", .words = DaemonWords},
      {.owner = "setup",
       .field = "transports",
       .on = On::kItems,
       .words = TransportWords,
       .check = CheckOnce},
      {.owner = "",
       .field = "deviations_off",
       .on = On::kItems,
       .words = DeviationWords,
       .check = CheckOnce},
      {.owner = "", .field = "mutants", .check = CheckOnce},
      {.owner = "guarantees",
       .field = "held",
       .on = On::kItems,
       .words = GuaranteeWords,
       .check = CheckOnce},
      {.owner = "guarantees",
       .field = "broken",
       .on = On::kItems,
       .words = GuaranteeWords,
       .check = CheckOnce},
      {.owner = "failure", .field = "id", .check = CheckFailureId},
      {.owner = "failure",
       .field = "breaks",
       .on = On::kItems,
       .words = BreakableWords,
       .check = CheckOnce},
  };
  return rules;
}

void CheckWord(const JsonNode& node, const Words& words) {
  const std::string text = TextOf(node);
  if (!IsOne(text, words)) node.FailAsWord(text, words);
}

void CheckWords(const FieldRule& rule, const JsonNode& node) {
  const Words& words = rule.words();
  if (rule.on == On::kValue) CheckWord(node, words);
  if (rule.on == On::kItems) {
    for (const JsonNode& item : node.Items()) CheckWord(item, words);
  }
  if (rule.on == On::kNames) node.Object(words);
}

}  // namespace

const FieldRule* FindFieldRule(std::string_view owner, std::string_view field) {
  const FieldRule* of_any = nullptr;
  for (const FieldRule& rule : Rules()) {
    if (rule.field != field) continue;
    if (rule.owner == owner) return &rule;
    if (rule.owner.empty()) of_any = &rule;
  }
  return of_any;
}

void CheckField(std::string_view owner, std::string_view field, const JsonNode& node) {
  const FieldRule* rule = FindFieldRule(owner, field);
  if (rule == nullptr) return;
  if (rule->words != nullptr) CheckWords(*rule, node);
  constexpr std::uint64_t kHighest = std::numeric_limits<std::uint32_t>::max();
  if (rule->lowest || rule->highest) {
    node.Number(rule->lowest.value_or(0), rule->highest.value_or(kHighest));
  }
  if (rule->check != nullptr) rule->check(node);
}

}  // namespace scenarios
