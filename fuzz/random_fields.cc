#include "fuzz/random_fields.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <span>

#include "fake_containerd/fault_plan.h"
#include "libcontainerd/time_text.h"
#include "scenarios/text/field_rules.h"
#include "scenarios/text/words.h"

namespace fuzz {

using fake_containerd::FaultAction;
using fake_containerd::FaultArgument;
using libcontainerd::Duration;
using libcontainerd::Random;
using scenarios::JsonText;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

using Texts = std::span<const std::string_view>;

template <class List>
const auto& OneOf(Random& random, const List& list) {
  return list[static_cast<std::size_t>(random.Below(list.size()))];
}

constexpr std::array<std::string_view, 22> kBehaviours = {
    "exit=0",
    "exit=3",
    "echo; exit=0",
    "read exit=0",
    "write=hello\\n exit=0",
    "write=one\\n; write-err=two\\n; sleep=1s; exit=4",
    "pattern=48K:seed=7 exit=2",
    "pattern=200K:seed=1 pattern-err=100K:seed=2 exit=0",
    "trap=TERM:exit=5",
    "trap=TERM:exit=0:after=3s",
    "ignore=TERM",
    "cue=go exit=6",
    "cue=go write=late\\n die=SEGV",
    "oom=child cue=go exit=0",
    "sleep=1s oom",
    "children=1:life=5s:output=bye\\n exit=1",
    "children=2 exit=0",
    "close=stdout; close=stderr",
    "start-delay=10s",
    "start-delay=1m",
    "start-fail=not-in-path",
    "start-fail=timeout"};

constexpr std::array<std::string_view, 6> kErrors = {
    "INTERNAL no network", "UNAVAILABLE busy",          "NOT_FOUND",
    "UNKNOWN disk full",   "PERMISSION_DENIED not now", "DEADLINE_EXCEEDED"};

// Where two times may stand to each other in different ways: none, less than a step of the client,
// about one, longer than each of its deadlines.
constexpr std::array<Duration, 10> kTimes = {
    Duration(0), milliseconds(1), milliseconds(40), milliseconds(500), seconds(1),
    seconds(3),  seconds(11),     seconds(31),      seconds(60),       seconds(120)};

constexpr std::array<std::string_view, 12> kSpecs = {
    "",
    R"({"process": {"args": ["/bin/cat"]}})",
    R"({"process": {"terminal": true}})",
    R"({"process": {"args": ["drydock-process", "write=x\\n", "exit=2"]}})",
    R"({"process": {"args": []}})",
    R"({"process": {"user": {"uid": 1000, "gid": 5, "additionalGids": [7]}}})",
    R"({"process": {"rlimits": [{"type": "RLIMIT_NOFILE", "hard": 9, "soft": 8}]}})",
    R"({"linux": {"uidMappings": [{"hostID": 100000, "containerID": 0, "size": 65536}]}})",
    R"({"linux": {"resources": {"memory": {"limit": 4096}}}})",
    R"({"annotations": {"io.drydock.behaviour": "exit=9"}})",
    R"({"process": {"terminal": "yes"}})",
    R"("no spec")"};

constexpr std::array<std::string_view, 20> kChoices = {
    R"({})",
    R"({"drawn": true})",
    R"({"drawn": true, "seed": 7})",
    R"({"start_container": "event-first"})",
    R"({"start_container": "event-first", "gap": "1s"})",
    R"({"start_process": "reply-first"})",
    R"({"start_process": "reply-first", "gap": "100ms"})",
    R"({"pause": "reply-first"})",
    R"({"resume": "reply-first", "gap": "2s"})",
    R"({"exec_exits": "before-init"})",
    R"({"exec_exits": "after-init"})",
    R"({"exec_exits": "after-init", "late_exec_status": 255})",
    R"({"oom": "before-exit"})",
    R"({"oom": "after-exit"})",
    R"({"exit_notice_delay": "500ms"})",
    R"({"shim_wait": "1s"})",
    R"({"failed_create_delete_delay": "300ms", "failed_create_exit": 255})",
    R"({"log_delay": "200ms"})",
    R"({"state_fails_for_dead_init": false})",
    R"({"checkpoint_tool": true})"};

std::string RandomTerm(Random& random, FaultAction action) {
  const auto infos = fake_containerd::FaultActions();
  const auto info = std::ranges::find(infos, action, &fake_containerd::FaultActionInfo::action);
  constexpr std::array<std::string_view, 5> kLengths = {"1ms", "100ms", "1s", "4s", "35s"};
  constexpr std::array<std::string_view, 4> kFields = {"status=255", "status=1", "pid=e1",
                                                       "id=stranger"};
  std::string term;
  if (random.Chance(1, 4)) term = "50.0%";
  // Mostly few: a fault that stays shows less than one that goes away.
  if (random.Chance(7, 8)) term += std::to_string(1 + random.Below(4)) + "*";
  term += info->name;
  switch (info->argument) {
    case FaultArgument::kNone:
      return term;
    case FaultArgument::kDuration:
      return term + "(" + std::string(OneOf(random, kLengths)) + ")";
    case FaultArgument::kOptionalDuration:
      return random.Chance(1, 2) ? term : term + "(" + std::string(OneOf(random, kLengths)) + ")";
    case FaultArgument::kCount:
      return term + "(" + std::to_string(1 + random.Below(3)) + ")";
    case FaultArgument::kError:
      return term + "(" + std::string(OneOf(random, scenarios::CodeWords())) + ":it fails)";
    case FaultArgument::kField:
      return term + "(" + std::string(OneOf(random, kFields)) + ")";
  }
  return term;
}

// Of a point whose faults can be seen over loopback, in words of the grammar.
std::string RandomRule(Random& random) {
  while (true) {
    const auto& point = OneOf(random, fake_containerd::InjectionPoints());
    if (point.actions.empty() || point.name.starts_with("connection.")) continue;
    std::string rule = point.name;
    if (random.Chance(1, 3)) rule += "@" + RandomId(random);
    rule += "=";
    if (random.Chance(1, 4)) rule += std::to_string(1 + random.Below(3)) + "*off->";
    return rule + RandomTerm(random, OneOf(random, point.actions));
  }
}

std::string AnyText(Random& random) {
  constexpr std::array<std::string_view, 5> kSome = {"hello\n", "x", "", "two\nlines\n",
                                                     "\xff\x01"};
  return std::string(OneOf(random, kSome));
}

const scenarios::Words& PointsOf(std::string_view owner, std::string_view field) {
  if (owner == "fail") return scenarios::FailPointWords();
  return field == "fired" ? scenarios::FaultPointWords() : scenarios::HoldPointWords();
}

std::string RandomPoint(Random& random, const scenarios::Words& words) {
  std::string point(OneOf(random, words));
  if (random.Chance(1, 2)) point += "@" + RandomId(random);
  return point;
}

std::string RandomCallback(Random& random) {
  std::string line = RandomId(random) + " ";
  const std::string_view state = OneOf(random, scenarios::CallbackWords());
  line += state;
  if (state == "exit-process") line += " " + RandomProcess(random);
  if (state.starts_with("exit")) line += random.Chance(1, 2) ? " 0" : " 137";
  return line;
}

}  // namespace

std::string RandomId(Random& random) {
  // The first more often than the others: most of what goes wrong is between things of one.
  constexpr std::array<std::string_view, 6> kIds = {"w0", "w0", "w0", "w1", "w1", "w2"};
  return std::string(OneOf(random, kIds));
}

std::string RandomProcess(Random& random) {
  constexpr std::array<std::string_view, 4> kProcesses = {"init", "init", "e1", "e2"};
  return std::string(OneOf(random, kProcesses));
}

std::string RandomPlan(Random& random) {
  if (random.Chance(1, 6)) return "";
  std::string plan = RandomRule(random);
  if (random.Chance(1, 3)) plan += "; " + RandomRule(random);
  return plan;
}

scenarios::action::Condition RandomCondition(Random& random) {
  scenarios::action::Condition condition;
  switch (random.Below(6)) {
    case 0:
      condition.callback = RandomCallback(random);
      break;
    case 1:
      condition.rpc = OneOf(random, scenarios::MethodWords());
      condition.id = RandomId(random);
      break;
    case 2:
      condition.event = OneOf(random, scenarios::EventWords());
      condition.id = RandomId(random);
      break;
    case 3:
      condition.held = RandomPoint(random, scenarios::HoldPointWords());
      break;
    case 4:
      condition.fired = RandomPoint(random, scenarios::FaultPointWords());
      break;
    default:
      condition.output = OneOf(random, scenarios::StreamWords());
      condition.id = RandomId(random);
      condition.text = "hello";
      return condition;
  }
  if (random.Chance(1, 4)) condition.count = 2;
  return condition;
}

bool RandomFields::IsNotDrawn(std::string_view field) const {
  constexpr std::array<std::string_view, 9> kNever = {
      "call",  "returns",  "transports",   "mutants",      "deviations_off",
      "names", "tolerant", "runtime_args", "from_callback"};
  return std::ranges::find(kNever, field) != kNever.end();
}

std::string RandomFields::Point() const {
  return RandomPoint(random_, PointsOf(owner_, field_));
}

void RandomFields::Draw(std::string& value) {
  const scenarios::FieldRule* rule = scenarios::FindFieldRule(owner_, field_);
  if (rule != nullptr && rule->words != nullptr) {
    value = OneOf(random_, rule->words());
  } else if (field_ == "id") {
    value = owner_ == "emit" && random_.Chance(1, 4) ? "stranger" : RandomId(random_);
  } else if (field_ == "process") {
    do {
      value = RandomProcess(random_);
    } while (owner_ == "add-process" && value == "init");
  } else if (field_ == "point") {
    value = Point();
  } else if (field_ == "plan" || field_ == "faults") {
    value = RandomPlan(random_);
  } else if (field_ == "behaviour") {
    value = OneOf(random_, kBehaviours);
  } else if (field_ == "error") {
    value = OneOf(random_, kErrors);
  } else if (field_ == "timestamp") {
    constexpr std::array<std::string_view, 5> kStamps = {"again", "-1ms", "-1h", "1s",
                                                         "2016-10-05T00:00:00Z"};
    value = OneOf(random_, kStamps);
  } else if (owner_ == "replace-cursor") {
    constexpr std::array<std::string_view, 4> kCursors = {"", "2016-10-05T00:00:00Z", "no time",
                                                          "2999-01-01T00:00:00.000000001Z"};
    value = OneOf(random_, kCursors);
  } else if (field_ == "name") {
    value = owner_ == "cue" ? "go" : "cp1";
  } else if (field_ == "checkpoint") {
    value = "cp1";
  } else if (field_ == "checkpoint_dir") {
    value = "/checkpoints";
  } else if (field_ == "runtime") {
    value = "/usr/bin/other-runtime";
  } else {
    value = AnyText(random_);
  }
}

void RandomFields::Draw(std::uint32_t& value) {
  if (field_ == "signal") {
    constexpr std::array<std::uint32_t, 6> kSignals = {9, 15, 9, 15, 1, 10};
    value = OneOf(random_, kSignals);
  } else if (field_ == "times" || field_ == "count" || field_ == "health_failures") {
    value = static_cast<std::uint32_t>(1 + random_.Below(3));
  } else if (field_ == "subscriber_queue") {
    constexpr std::array<std::uint32_t, 4> kQueues = {1, 2, 16, 2048};
    value = OneOf(random_, kQueues);
  } else {
    constexpr std::array<std::uint32_t, 6> kNumbers = {0, 1, 3, 127, 137, 255};
    value = OneOf(random_, kNumbers);
  }
}

void RandomFields::Draw(std::int64_t& value) {
  constexpr std::array<std::int64_t, 5> kNumbers = {0, 1, 3, 20, 500};  // retain_count
  value = OneOf(random_, kNumbers);
}

void RandomFields::Draw(std::uint64_t& value) {
  value = field_ == "seed" ? random_.Below(1000) : std::uint64_t{1} << random_.Below(40);
}

void RandomFields::Draw(Duration& value) {
  value = OneOf(random_, kTimes);
  if (field_ == "start_timeout" && value < seconds(1)) value = seconds(5);
}

void RandomFields::Draw(JsonText& value) {
  value.text = field_ == "choices" ? OneOf(random_, kChoices) : OneOf(random_, kSpecs);
}

void RandomFields::Draw(std::vector<std::string>& values) {
  values.clear();
  if (field_ == "args") {
    values = {"drydock-process", std::string(random_.Chance(1, 2) ? "exit=3" : "echo")};
  } else if (random_.Chance(1, 2)) {  // expectations: tracked, running, daemon
    values.push_back(field_ == "running" ? "w0/init" : field_ == "daemon" ? "started" : "w0");
  }
}

void RandomFields::Draw(std::map<std::string, Duration>& values) {
  const std::string name(OneOf(random_, scenarios::TimingWords()));
  if (values.erase(name) > 0 && random_.Chance(1, 2)) return;
  // What the client repeats at is never so short that it does nothing else.
  values[name] = std::max<Duration>(OneOf(random_, kTimes), milliseconds(40));
}

void RandomFields::Draw(std::map<std::string, std::uint64_t>& values) {
  constexpr std::array<const char*, 4> kResources = {"memoryLimit", "cpuShares", "pidsLimit",
                                                     "memorySwap"};
  Draw(values[OneOf(random_, kResources)]);
}

}  // namespace fuzz
