#include "scenarios/guarantees/judging.h"

#include <algorithm>
#include <chrono>

namespace scenarios {

std::string_view VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kHeld:
      return "held";
    case Verdict::kBroken:
      return "broken";
    case Verdict::kNotObservable:
      break;
  }
  return "not observable";
}

void Findings::Add(std::string what, std::vector<std::uint64_t> entries) {
  std::erase(entries, 0U);
  std::ranges::sort(entries);
  entries.erase(std::unique(entries.begin(), entries.end()), entries.end());
  violations_.push_back({std::move(what), std::move(entries)});
}

bool Evidence::Late(libcontainerd::Duration due, libcontainerd::Duration at) const {
  if (at <= due || !options_.stepped_clock) return at > due;
  // It is due when the clock is seen past that for the first time.
  const auto seen = std::ranges::upper_bound(journal_.entries(), due, {}, &Entry::t);
  return seen != journal_.entries().end() && at > seen->t + options_.promptly;
}

bool Failed(const Entry& end) {
  return end.failed || end.code != 0;
}

bool OutcomeUnknown(const Entry& end) {
  const auto code = static_cast<libcontainerd::ErrorCode>(end.code);
  return code == libcontainerd::ErrorCode::kUnavailable ||
         code == libcontainerd::ErrorCode::kDeadlineExceeded ||
         code == libcontainerd::ErrorCode::kCancelled;
}

Judgement Findings::Conclude() && {
  if (!violations_.empty()) {
    std::ranges::stable_sort(violations_, {}, [](const Violation& violation) {
      return violation.entries.empty() ? 0 : violation.entries.back();
    });
    return {Verdict::kBroken, std::move(violations_)};
  }
  return {observed_ ? Verdict::kHeld : Verdict::kNotObservable, {}};
}

std::string SubjectName(const Journal& journal, const Entry& entry) {
  std::string name = journal.Text(entry.id);
  const std::string& process = journal.Text(entry.process);
  if (!process.empty() && process != "init") name.append("/").append(process);
  return name;
}

std::string MillisecondsText(libcontainerd::Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()) +
         " ms";
}

}  // namespace scenarios
