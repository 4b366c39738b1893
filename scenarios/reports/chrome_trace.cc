#include "scenarios/reports/chrome_trace.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "scenarios/guarantees/judging.h"
#include "scenarios/reports/text_encoding.h"
#include "scenarios/reports/timeline.h"

namespace scenarios {
namespace {

constexpr double kNanosecondsPerMicrosecond = 1000;
// Of an event that is an arrow's end: arrows hold on to something that takes time.
constexpr double kEventMicroseconds = 0.5;
constexpr double kStepMicroseconds = 1;

// One journal's entries on their way into the trace.
class ScenarioTrace {
 public:
  ScenarioTrace(const ReportedScenario& scenario, std::size_t pid, std::string& out)
      : scenario_(scenario),
        journal_(*scenario.journal),
        timeline_(journal_),
        pid_(pid),
        out_(out) {}

  void Write();

 private:
  void PlaceEntries();
  std::size_t LaneOf(const Entry& entry, double until);
  void WriteEntry(const Entry& entry);
  void WriteArrow(const Entry& from, const Entry& to);
  void Open(std::string_view phase, const Entry& entry, std::size_t lane);
  void WriteArguments(const Entry& entry);
  void WriteName(std::string_view what, std::size_t lane, const std::string& name);
  std::string Title(const Entry& entry) const;
  double At(const Entry& entry) const { return at_[entry.seq - 1]; }
  const Entry& Seq(std::uint64_t seq) const { return journal_.entries()[seq - 1]; }

  struct Lane {
    std::string name;
    double free_from = 0;
  };

  const ReportedScenario& scenario_;
  const Journal& journal_;
  const Timeline timeline_;
  const std::size_t pid_;
  std::string& out_;
  std::vector<double> at_;            // microseconds, by seq - 1; strictly ascending
  std::vector<bool> arrow_;           // by seq - 1: an arrow begins or ends there
  std::vector<std::size_t> lane_of_;  // by seq - 1
  std::vector<Lane> lanes_;           // thread n + 1
  std::map<std::pair<Symbol, Row>, std::vector<std::size_t>> lanes_of_row_;
};

void ScenarioTrace::PlaceEntries() {
  double last = -kStepMicroseconds;
  for (const Entry& entry : journal_.entries()) {
    const double own = static_cast<double>(entry.t.count()) / kNanosecondsPerMicrosecond;
    last = std::max(own, last + kStepMicroseconds);
    at_.push_back(last);
  }
  arrow_.resize(at_.size());
  lane_of_.resize(at_.size());
  for (const Entry& entry : journal_.entries()) {
    const std::uint64_t cause = timeline_.CauseOf(entry);
    if (cause != 0) arrow_[cause - 1] = arrow_[entry.seq - 1] = true;
  }
}

std::size_t ScenarioTrace::LaneOf(const Entry& entry, double until) {
  std::vector<std::size_t>& lanes = lanes_of_row_[{entry.id, RowOf(entry.kind)}];
  for (const std::size_t lane : lanes) {
    if (lanes_[lane].free_from > At(entry)) continue;
    lanes_[lane].free_from = until;
    return lane;
  }
  std::string name = journal_.Text(entry.id);
  if (name.empty()) name = "(no container)";
  name.append(" ").append(RowName(RowOf(entry.kind)));
  if (!lanes.empty()) name += " " + std::to_string(lanes.size() + 1);
  lanes.push_back(lanes_.size());
  lanes_.push_back({std::move(name), until});
  return lanes.back();
}

std::string ScenarioTrace::Title(const Entry& entry) const {
  std::string title(entry.what == Symbol{} ? EntryKindName(entry.kind) : journal_.Text(entry.what));
  const std::string& process = journal_.Text(entry.process);
  if (!process.empty() && process != "init") title += " " + process;
  return title;
}

std::string Microseconds(double time) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%.3f", time);
  return text.data();
}

void ScenarioTrace::Open(std::string_view phase, const Entry& entry, std::size_t lane) {
  out_.append(",\n{\"ph\":\"").append(phase).append("\",\"pid\":").append(std::to_string(pid_));
  out_.append(",\"tid\":").append(std::to_string(lane + 1));
  out_.append(",\"ts\":").append(Microseconds(At(entry)));
}

void ScenarioTrace::WriteArguments(const Entry& entry) {
  // The journal's own line says everything.
  out_.append(",\"args\":").append(ToJsonLine(journal_, entry));
}

void ScenarioTrace::WriteEntry(const Entry& entry) {
  if (IsEnd(entry.kind) && timeline_.PartnerOf(entry) != 0) return;  // drawn with its begin
  const bool spans = IsBegin(entry.kind);
  const std::uint64_t end = timeline_.PartnerOf(entry);
  // What never ended lasts until the journal's end.
  const Entry& last = spans ? (end == 0 ? journal_.entries().back() : Seq(end)) : entry;
  const double length =
      spans ? std::max(At(last) - At(entry), kEventMicroseconds) : kEventMicroseconds;
  const std::size_t lane = LaneOf(entry, At(entry) + length);
  lane_of_[entry.seq - 1] = lane;
  const bool complete = spans || arrow_[entry.seq - 1];
  Open(complete ? "X" : "i", entry, lane);
  if (complete) {
    out_.append(",\"dur\":").append(Microseconds(length));
  } else {
    out_ += ",\"s\":\"t\"";
  }
  out_.append(",\"cat\":").append(JsonString(RowName(RowOf(entry.kind))));
  out_.append(",\"name\":").append(JsonString(Title(entry)));
  WriteArguments(spans && end != 0 && Failed(last) ? last : entry);
  out_ += '}';
}

void ScenarioTrace::WriteArrow(const Entry& from, const Entry& to) {
  const std::string id = std::to_string(pid_) + "." + std::to_string(to.seq);
  for (const Entry* end : {&from, &to}) {
    const bool begins = end == &from;
    Open(begins ? "s" : "f", *end, lane_of_[end->seq - 1]);
    if (!begins) out_ += ",\"bp\":\"e\"";
    out_.append(",\"cat\":\"event\",\"name\":\"event\",\"id\":").append(JsonString(id)) += '}';
  }
}

void ScenarioTrace::WriteName(std::string_view what, std::size_t lane, const std::string& name) {
  out_.append(",\n{\"ph\":\"M\",\"pid\":").append(std::to_string(pid_));
  out_.append(",\"tid\":").append(std::to_string(lane));
  out_.append(",\"name\":").append(JsonString(what));
  out_.append(",\"args\":{\"name\":").append(JsonString(name)).append("}}");
}

void ScenarioTrace::Write() {
  PlaceEntries();
  WriteName("process_name", 0, scenario_.name);
  for (const Entry& entry : journal_.entries()) WriteEntry(entry);
  for (const Entry& entry : journal_.entries()) {
    const std::uint64_t cause = timeline_.CauseOf(entry);
    if (cause != 0) WriteArrow(Seq(cause), entry);
  }
  for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
    WriteName("thread_name", lane + 1, lanes_[lane].name);
  }
}

}  // namespace

std::string ChromeTrace(const Report& report) {
  std::string out = "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n";
  out +=
      "{\"ph\":\"M\",\"pid\":0,\"tid\":0,\"name\":\"process_name\",\"args\":{\"name\":\"drydock\"}"
      "}";
  std::size_t pid = 0;
  for (const ReportedScenario& scenario : report.scenarios) {
    ++pid;
    if (scenario.journal) ScenarioTrace(scenario, pid, out).Write();
  }
  return out + "\n]}\n";
}

}  // namespace scenarios
