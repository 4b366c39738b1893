#include "scenarios/guarantees/judging.h"

#include <algorithm>

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
  violations_.push_back({std::move(what), std::move(entries)});
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

}  // namespace scenarios
