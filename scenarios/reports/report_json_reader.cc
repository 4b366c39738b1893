#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <type_traits>
#include <utility>

#include <nlohmann/json.hpp>

#include "scenarios/reports/report_json.h"
#include "scenarios/text/timing_fields.h"

namespace scenarios {
namespace {

using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using nlohmann::json;

constexpr double kNanosecondsPerMillisecond = 1e6;

// The first thing that was wrong, anywhere below.
class Problem {
 public:
  void Set(const std::string& where, const std::string& what) {
    if (text_.empty()) text_ = (where.empty() ? "" : where + ": ") + what;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// An object, and where it stands. Reads members; one that is absent leaves what is there, one of
// another type is a problem.
class Object {
 public:
  Object(const json& value, std::string where, Problem& problem)
      : value_(value.is_object() ? value : kNone), where_(std::move(where)), problem_(problem) {
    if (!value.is_object()) problem_.Set(where_, "expected an object");
  }

  bool Has(const char* name) const { return value_.contains(name); }
  void Require(const char* name) const {
    if (!Has(name)) problem_.Set(where_, std::string("\"") + name + "\" is missing");
  }
  void Get(const char* name, std::string& text) const {
    if (const json* found = Find(name, &json::is_string, "a string")) text = *found;
  }
  void Get(const char* name, bool& flag) const {
    if (const json* found = Find(name, &json::is_boolean, "true or false")) flag = *found;
  }
  template <class Number>
  requires std::is_integral_v<Number>
  void Get(const char* name, Number& number) const {
    const json* found = Find(name, &json::is_number_integer, "a whole number");
    if (found == nullptr) return;
    const bool fits = found->is_number_unsigned()
                          ? std::in_range<Number>(found->get<std::uint64_t>())
                          : std::in_range<Number>(found->get<std::int64_t>());
    if (!fits) return problem_.Set(Where(name), found->dump() + " is out of range");
    number = found->get<Number>();
  }
  void GetMilliseconds(const char* name, std::chrono::nanoseconds& time) const {
    const json* found = Find(name, &json::is_number, "a number");
    if (found == nullptr) return;
    const double nanoseconds = found->get<double>() * kNanosecondsPerMillisecond;
    // Beyond that not every nanosecond has a number: a hundred days.
    if (!(nanoseconds >= 0 && nanoseconds < 9e15)) {
      return problem_.Set(Where(name), found->dump() + " is out of range");
    }
    time = std::chrono::nanoseconds(std::llround(nanoseconds));
  }
  void GetNanoseconds(const char* name, Duration& time) const {
    std::int64_t count = time.count();
    Get(name, count);
    time = Duration(count);
  }
  // One of some words.
  template <class Word, std::size_t kCount>
  void Get(const char* name, Word& word,
           const std::array<std::pair<std::string_view, Word>, kCount>& words) const {
    std::string text;
    Get(name, text);
    if (!Has(name)) return;
    std::string list;
    for (const auto& [known, value] : words) {
      if (text == known) {
        word = value;
        return;
      }
      list.append(list.empty() ? "" : ", ").append(known);
    }
    problem_.Set(Where(name), json(text).dump(-1, ' ', false, json::error_handler_t::replace) +
                                  ", expected one of " + list);
  }
  // Each element of an array, with its place.
  template <class Function>
  void Each(const char* name, Function&& function) const {
    const json* found = Find(name, &json::is_array, "an array");
    if (found == nullptr) return;
    std::size_t index = 0;
    for (const json& element : *found) {
      function(element, Where(name) + "[" + std::to_string(index++) + "]");
    }
  }
  // Each member of an object, with its place.
  template <class Function>
  void Members(const char* name, Function&& function) const {
    const json* found = Find(name, &json::is_object, "an object");
    if (found == nullptr) return;
    for (const auto& [key, value] : found->items()) function(key, value, Where(name) + "." + key);
  }
  template <class Function>
  void Nested(const char* name, Function&& function) const {
    const json* found = Find(name, &json::is_object, "an object");
    if (found != nullptr) function(Object(*found, Where(name), problem_));
  }
  void Refuse(const char* name, const std::string& what) const { problem_.Set(Where(name), what); }
  Problem& problem() const { return problem_; }

 private:
  const json* Find(const char* name, bool (json::*is)() const noexcept,
                   const char* expected) const {
    const auto found = value_.find(name);
    if (found == value_.end()) return nullptr;
    if (((*found).*is)()) return &*found;
    problem_.Set(Where(name), std::string("expected ") + expected);
    return nullptr;
  }
  std::string Where(const char* name) const { return where_.empty() ? name : where_ + "." + name; }

  inline static const json kNone = json::object();
  const json& value_;
  std::string where_;
  Problem& problem_;
};

// Words by the functions that write them.
template <class Word, std::size_t kCount>
auto WordsOf(const std::array<Word, kCount>& values, std::string_view (*name)(Word)) {
  std::array<std::pair<std::string_view, Word>, kCount> words{};
  for (std::size_t i = 0; i < kCount; ++i) words[i] = {name(values[i]), values[i]};
  return words;
}

void Text(const json& value, const std::string& where, Problem& problem, std::string& text) {
  if (!value.is_string()) return problem.Set(where, "expected a string");
  text = value.get<std::string>();
}

RunInfo ReadRun(const Object& object) {
  RunInfo run;
  object.Get("command", run.command);
  object.Get("seed", run.seed);
  object.Get("transport", run.transport);
  object.Nested("shard", [&](const Object& shard) {
    shard.Get("index", run.shard);
    shard.Get("of", run.shards);
  });
  object.Get("started", run.started);
  object.GetMilliseconds("time_ms", run.time);
  object.Members("versions", [&](const std::string& key, const json& value, const auto& where) {
    Text(value, where, object.problem(), run.versions[key]);
  });
  object.Nested("explored", [&](const Object& explored) {
    for (const char* name : {"runs", "events", "entries"}) {
      if (explored.Has(name)) explored.Get(name, run.explored[name]);
    }
  });
  return run;
}

JudgeOptions ReadJudgedWith(const Object& object) {
  JudgeOptions options;
  object.Nested("timing_ns", [&](const Object& timing) {
    for (const TimingField& entry : kTimingFields) {
      timing.GetNanoseconds(std::string(entry.name).c_str(), options.timing.*entry.member);
    }
  });
  object.Get("health_failures", options.timing.health_failures);
  object.GetNanoseconds("promptly_ns", options.promptly);
  object.Get("stepped_clock", options.stepped_clock);
  return options;
}

Complaint ReadComplaint(const Object& object) {
  Complaint complaint;
  object.Require("what");
  object.Get("file", complaint.place.file);
  object.Get("line", complaint.place.line);
  object.Get("column", complaint.place.column);
  object.Get("what", complaint.what);
  return complaint;
}

Violation ReadViolation(const Object& object) {
  Violation violation;
  object.Require("what");
  object.Get("what", violation.what);
  object.Each("entries", [&](const json& seq, const std::string& where) {
    if (!seq.is_number_unsigned()) return object.problem().Set(where, "expected a whole number");
    violation.entries.push_back(seq.get<std::uint64_t>());
  });
  return violation;
}

ReportedGuarantee ReadGuarantee(const Object& object,
                                const std::map<std::string, std::string>& sentences) {
  static const auto kVerdicts =
      WordsOf(std::array{Verdict::kHeld, Verdict::kBroken, Verdict::kNotObservable}, &VerdictName);
  static const auto kDemands =
      WordsOf(std::array{Demand::kNone, Demand::kHeld, Demand::kBroken}, &DemandName);
  ReportedGuarantee guarantee;
  object.Require("name");
  object.Require("verdict");
  object.Get("name", guarantee.name);
  object.Get("verdict", guarantee.verdict, kVerdicts);
  object.Get("demand", guarantee.demand, kDemands);
  object.Get("bad", guarantee.bad);
  object.Each("violations", [&](const json& violation, const std::string& where) {
    guarantee.violations.push_back(ReadViolation(Object(violation, where, object.problem())));
  });
  const auto sentence = sentences.find(guarantee.name);
  if (sentence != sentences.end()) guarantee.sentence = sentence->second;
  return guarantee;
}

ReportedScenario ReadScenario(const Object& object,
                              const std::map<std::string, std::string>& sentences) {
  static const auto kVerdicts = WordsOf(std::to_array(kScenarioVerdicts), &ScenarioVerdictName);
  ReportedScenario scenario;
  object.Require("name");
  object.Require("verdict");
  object.Get("name", scenario.name);
  object.Get("verdict", scenario.verdict, kVerdicts);
  object.Get("intent", scenario.intent);
  object.Get("file", scenario.file);
  object.Get("museum", scenario.museum);
  object.Each("tags", [&](const json& tag, const std::string& where) {
    Text(tag, where, object.problem(), scenario.tags.emplace_back());
  });
  object.Get("transport", scenario.transport);
  object.Get("seed", scenario.seed);
  object.GetMilliseconds("time_ms", scenario.time);
  object.GetNanoseconds("clock_ns", scenario.clock);
  object.Get("actions", scenario.actions);
  object.Get("actions_before_shrinking", scenario.actions_before_shrinking);
  object.Get("cannot_judge", scenario.cannot_judge);
  object.Each("complaints", [&](const json& complaint, const std::string& where) {
    scenario.complaints.push_back(ReadComplaint(Object(complaint, where, object.problem())));
  });
  object.Each("guarantees", [&](const json& guarantee, const std::string& where) {
    scenario.guarantees.push_back(
        ReadGuarantee(Object(guarantee, where, object.problem()), sentences));
  });
  object.Nested("judged_with",
                [&](const Object& with) { scenario.judged_with = ReadJudgedWith(with); });
  object.Get("journal", scenario.journal_file);
  object.Get("reproduce", scenario.reproduce);
  object.Get("resembles", scenario.resembles);
  // It is a name beside report.json, whoever wrote it.
  if (scenario.journal_file.find('/') != std::string::npos) {
    object.Refuse("journal", "no name of a file in the same directory");
  }
  return scenario;
}

Report ReadReport(const Object& object) {
  Report report;
  object.Require("run");
  object.Require("scenarios");
  object.Nested("run", [&](const Object& run) { report.run = ReadRun(run); });
  std::map<std::string, std::string> sentences;
  object.Members("guarantees", [&](const std::string& key, const json& value, const auto& where) {
    Text(value, where, object.problem(), sentences[key]);
  });
  object.Each("scenarios", [&](const json& scenario, const std::string& where) {
    report.scenarios.push_back(ReadScenario(Object(scenario, where, object.problem()), sentences));
  });
  return report;
}

}  // namespace

libcontainerd::Result<Report> ReadReportJson(std::string_view text, const std::string& name) {
  const auto fail = [&](const std::string& what) {
    return Fail(ErrorCode::kInvalidArgument, name + ": " + what);
  };
  const json parsed = json::parse(text, nullptr, false);
  if (parsed.is_discarded()) return fail("not JSON, expected what drydock run wrote");
  Problem problem;
  const Object object(parsed, "", problem);
  std::string format;
  if (parsed.is_object() && parsed.contains("format") && parsed["format"].is_string()) {
    format = parsed["format"];
  }
  if (format != kReportFormat) {
    return fail("\"format\" is not \"" + std::string(kReportFormat) +
                "\": expected what drydock run wrote");
  }
  int version = 0;
  object.Get("version", version);
  if (version != kReportVersion) {
    return fail("version " + std::to_string(version) + ", expected version " +
                std::to_string(kReportVersion));
  }
  Report report = ReadReport(object);
  if (!problem.text().empty()) return fail(problem.text());
  return report;
}

}  // namespace scenarios
