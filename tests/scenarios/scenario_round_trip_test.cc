// Scenario files: whatever actions there are, what is printed is read again as the same.
#include <algorithm>
#include <utility>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "libcontainerd/random.h"
#include "scenarios/text/field_rules.h"
#include "scenarios/text/words.h"
#include "tests/scenarios/scenario_text_checks.h"

namespace scenarios {
namespace {

// Values that the rules of fields take, by owner and field; "" as owner: any.
using Samples = std::vector<std::string>;
const std::map<std::pair<std::string, std::string>, Samples>& SamplesOfFields() {
  static const std::map<std::pair<std::string, std::string>, Samples> samples = {
      {{"", "returns"}, {"OK", "any", "pending", "NOT_FOUND", "UNKNOWN text: \"x\" ${y}"}},
      {{"", "behaviour"}, {"exit=3", "write=a\\n; trap=TERM:exit=0", ""}},
      {{"", "plan"}, {"", "event.exit@web=1*drop # x", "disk.log=full\nevent.oom=off"}},
      {{"setup", "faults"}, {"", "rpc.State.received=25.0%error(UNAVAILABLE:busy)"}},
      {{"fail", "point"}, {"callback.exit@web", "bundle.create", "cursor.write"}},
      {{"fail", "error"}, {"INTERNAL", "INTERNAL disk full", "ABORTED \xc3\xa4"}},
      {{"hold", "point"}, {"engine.read", "callback.attach@a/b", "event.exit"}},
      {{"release", "point"}, {"engine.read", "rpc.State.executed@a"}},
      {{"emit", "timestamp"}, {"again", "-1ms", "2016-10-05T00:00:00.5Z"}},
      {{"", "callback"}, {"web exit 3", "web exit-process e1 0", "a pause", "b oom"}},
      {{"wait", "held"}, {"event.exit", "callback.pause@x"}},
      {{"wait", "fired"}, {"event.exit@web/init", "disk.log"}},
      {{"failure", "id"}, {"B01", "B65"}},
      {{"failure", "breaks"}, {"expectations", "one-exit"}},
      {{"expect", "callbacks"}, {"exit 3 oom", "start-container"}},
      {{"expect", "results"}, {"OK", "pending", "INTERNAL x"}},
  };
  return samples;
}

// Fills a struct's fields with whatever may stand there.
class RandomFields {
 public:
  RandomFields(libcontainerd::Random& random, std::string_view owner)
      : random_(random), owner_(owner) {}

  template <class T>
  void operator()(const FieldInfo& info, T& member) {
    if (!info.required && random_.Chance(1, 2)) return;
    field_ = info.name;
    rule_ = FindFieldRule(owner_, field_);
    Fill(member);
  }

 private:
  const Samples* FindSamples() const {
    auto found = SamplesOfFields().find({std::string(owner_), field_});
    if (found == SamplesOfFields().end()) found = SamplesOfFields().find({"", field_});
    return found == SamplesOfFields().end() ? nullptr : &found->second;
  }

  std::string AnyText() {
    static const Samples texts = {"",         "web",   "e1",      "${x}", "$${",     "$$$",
                                  "\xff\n\t", "\"\\/", "äöü",     "a b",  "\x01",    "${",
                                  "null",     "3",     "/* x */", "// y", "\xe2\x82"};
    std::string text = texts[random_.Below(texts.size())];
    if (random_.Chance(1, 3)) text += texts[random_.Below(texts.size())];
    return text;
  }
  std::string Name() {
    static const Samples names = {"web", "web/e1", "${x}", "ä", "", "a\"b"};
    return names[random_.Below(names.size())];
  }

  void Fill(std::string& value) {
    if (field_ == "call") return;  // labels belong to whole scenarios
    const Samples* samples = FindSamples();
    if (rule_ != nullptr && rule_->words != nullptr) {
      value = rule_->words()[random_.Below(rule_->words().size())];
    } else if (samples != nullptr) {
      value = (*samples)[random_.Below(samples->size())];
    } else {
      value = AnyText();
    }
  }
  void Fill(bool& value) { value = random_.Chance(1, 2); }
  void Fill(Duration& value) {
    value = Duration(random_.Between(0, kLongestDuration.count()) >> random_.Below(60));
  }
  void Fill(JsonText& value) {
    static const Samples specs = {R"({})", R"({"a": [1, 2.50, -3e7, null, "${x} \u0001"]})",
                                  R"({"process": {"args": ["x", "y"]}, "ä": true})"};
    static const Samples choices = {R"({})", R"({"gap": "1ms", "pause": "drawn", "seed": 3})"};
    const Samples& texts = field_ == "choices" ? choices : specs;
    value.text = texts[random_.Below(texts.size())];
  }
  template <class T>
  requires std::is_integral_v<T>
  void Fill(T& value) {
    if (rule_ != nullptr && (rule_->lowest || rule_->highest)) {
      const std::uint64_t lowest = rule_->lowest.value_or(0);
      const std::uint64_t highest = rule_->highest.value_or(0xffffffff);
      value = static_cast<T>(lowest + random_.Below(highest - lowest + 1));
    } else {
      value = static_cast<T>(random_.Next() >> random_.Below(64));
    }
  }
  template <class T>
  void Fill(std::vector<T>& values) {
    for (std::uint64_t i = random_.Below(4); i > 0; --i) Fill(values.emplace_back());
    const bool sets = owner_ == "setup" || owner_ == "guarantees" || owner_ == "failure";
    std::ranges::sort(values);
    if (sets) values.erase(std::unique(values.begin(), values.end()), values.end());
  }
  template <class T>
  void Fill(std::map<std::string, T>& values) {
    for (std::uint64_t i = random_.Below(4); i > 0; --i) {
      std::string name = Name();
      if (rule_ != nullptr && rule_->words != nullptr) {
        name = rule_->words()[random_.Below(rule_->words().size())];
      }
      if (field_ == "held" || field_ == "fired") name = "event.exit@" + std::to_string(i);
      if (field_ == "sent") name = "Signal web/init " + std::to_string(i);
      if (field_ == "results") return;  // labels
      const FieldRule* rule = std::exchange(rule_, nullptr);
      Fill(values[name]);
      rule_ = rule;
    }
  }
  template <class T>
  void Fill(std::optional<T>& value) {
    Fill(value.emplace());
  }

  libcontainerd::Random& random_;
  std::string_view owner_;
  std::string field_;
  const FieldRule* rule_ = nullptr;
};

action::Condition RandomCondition(libcontainerd::Random& random) {
  action::Condition any;
  RandomFields fill(random, "wait");
  action::Condition::Fields(any, fill);
  action::Condition one;
  switch (random.Below(4)) {
    case 0:
      one.callback = "web exit 3";
      one.count = std::max(any.count, 1U);
      break;
    case 1:
      one.rpc = "State";
      one.id = any.id;
      break;
    case 2:
      one.held = "event.exit@a";
      one.count = std::max(any.count, 1U);
      break;
    default:
      one.output = "stderr";
      one.id = any.id.empty() ? "x" : any.id;
      one.process = any.process;
      one.text = any.text.empty() ? "y" : any.text;
  }
  return one;
}

// What a file cannot say is taken out.
template <class T>
void MakeSensible(libcontainerd::Random&, T&) {}
void MakeSensible(libcontainerd::Random&, action::Create& create) {
  if (create.checkpoint.empty()) create.checkpoint_dir.clear();
  if (create.runtime.empty()) create.runtime_args.clear();
}
void MakeSensible(libcontainerd::Random& random, action::WaitFor& wait) {
  wait.condition = RandomCondition(random);
}
void MakeSensible(libcontainerd::Random&, action::Release& release) {
  if (release.point.empty()) release.count.reset();
}
void MakeSensible(libcontainerd::Random&, action::Expect& expect) {
  if (expect == action::Expect()) expect.tracked.emplace();
}

Actions RandomActions(libcontainerd::Random& random, int depth);

Action RandomAction(libcontainerd::Random& random, int depth) {
  if (depth > 0 && random.Chance(1, 8)) {
    action::Parallel parallel;
    parallel.branches.resize(1 + random.Below(3));
    for (Actions& branch : parallel.branches) branch = RandomActions(random, depth - 1);
    return {std::move(parallel)};
  }
  if (depth > 0 && random.Chance(1, 8)) {
    action::Later later;
    const std::uint64_t kind = random.Below(3);
    if (kind == 0) later.at = std::chrono::seconds(random.Below(100));
    if (kind == 1) later.after = std::chrono::milliseconds(random.Below(100));
    if (kind == 2) later.when = RandomCondition(random);
    later.actions = RandomActions(random, depth - 1);
    later.actions.push_back({action::Settle{}});
    return {std::move(later)};
  }
  std::vector<action::What> all;
  ForEachActionType([&]<class T>(const T&) {
    if constexpr (std::is_same_v<T, action::Await>) return;  // of a label
    T what{};
    RandomFields fill(random, T::kWord);
    T::Fields(what, fill);
    MakeSensible(random, what);
    all.emplace_back(std::move(what));
  });
  return {all[random.Below(all.size())]};
}

Actions RandomActions(libcontainerd::Random& random, int depth) {
  Actions actions;
  for (std::uint64_t i = random.Below(8); i > 0; --i) {
    actions.push_back(RandomAction(random, depth));
  }
  return actions;
}

RC_GTEST_PROP(ScenarioRoundTrip, ActionsArePrintedAndReadAgain, (std::uint64_t seed)) {
  libcontainerd::Random random(seed);
  const Action action = RandomAction(random, 3);
  const std::string printed = PrintAction(action);
  const auto again = ParseAction(printed);
  if (!again) RC_FAIL(again.error().message + "\n" + printed);
  if (*again != action) RC_FAIL(printed + "\n" + PrintAction(*again));
  RC_ASSERT(printed.find('\n') == std::string::npos);
}

RC_GTEST_PROP(ScenarioRoundTrip, ScenariosArePrintedAndReadAgain, (std::uint64_t seed)) {
  libcontainerd::Random random(seed);
  Scenario scenario;
  scenario.name = "s";
  scenario.actions = RandomActions(random, 4);
  RandomFields setup(random, "setup");
  Setup::Fields(scenario.setup, setup);
  RandomFields failure(random, "failure");
  if (random.Chance(1, 2)) Failure::Fields(scenario.failure.emplace(), failure);
  scenario.guarantees.held = {"one-exit"};
  scenario.intent = "${a} \" \xff";
  scenario.tags = {"", "x"};
  const std::string printed = PrintScenario(scenario);
  const auto again = ParseScenario(printed, "s.json");
  if (!again) RC_FAIL(again.error().message + "\n" + printed);
  if (*again != scenario) RC_FAIL(printed + "\n" + PrintScenario(*again));
  RC_ASSERT(PrintScenario(*again) == printed);
}

TEST(ScenarioRoundTrip, OddTextsKeepTheirBytes) {
  const Action note{action::Note{.text = std::string("\0\xff${x}", 6)}};
  EXPECT_EQ(PrintAction(note), R"({"do": "note", "text": {"hex": "00ff247b787d"}})");
  EXPECT_EQ(*ParseAction(PrintAction(note)) == note, true);
}

TEST(ScenarioRoundTrip, AWholeLibraryIsReadInNoTime) {
  std::string text = R"({"intent": "Many.", "actions": [)";
  for (int i = 0; i < 40; ++i) {
    text += R"({"do": "create", "id": "c)" + std::to_string(i) + R"("},)";
    text += R"({"do": "expect", "callbacks": {"c": ["start-container", "exit 3"]}},)";
  }
  text += R"({"do": "settle"}]})";
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < 130; ++i) Parsed(text);
  const auto time = std::chrono::steady_clock::now() - begun;
  // Some 30 ms on an idle machine; sanitizers and other people's work take their share.
  EXPECT_LT(time, std::chrono::seconds(2));
  RecordProperty("milliseconds", static_cast<int>(time / std::chrono::milliseconds(1)));
}

}  // namespace
}  // namespace scenarios
