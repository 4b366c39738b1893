#include "fake_containerd/fault_plan.h"

#include <algorithm>
#include <array>

namespace fake_containerd {
namespace {

struct DurationUnit {
  std::int64_t nanoseconds;
  std::string_view name;
};
constexpr std::array<DurationUnit, 6> kShownUnits{{{3'600'000'000'000, "h"},
                                                   {60'000'000'000, "m"},
                                                   {1'000'000'000, "s"},
                                                   {1'000'000, "ms"},
                                                   {1'000, "us"},
                                                   {1, "ns"}}};

// In the largest unit that needs no fraction.
std::string DurationText(Duration duration) {
  if (duration == Duration::zero()) return "0";
  for (const DurationUnit& unit : kShownUnits) {
    if (duration.count() % unit.nanoseconds == 0) {
      return std::to_string(duration.count() / unit.nanoseconds) + std::string(unit.name);
    }
  }
  return "0";
}

std::string PercentText(std::uint32_t millionths) {
  std::string text = std::to_string(millionths / kPercent);
  std::string fraction = std::to_string(kPercent + millionths % kPercent).substr(1);
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  if (!fraction.empty()) text += "." + fraction;
  return text + "%";
}

std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\' || c == ')') escaped += '\\';
    if (c == '\n') {
      escaped += "\\n";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

// A text that begins as one with a code does needs its own code said.
bool LooksCoded(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return false;
  for (int number = 1; number <= static_cast<int>(libcontainerd::ErrorCode::kUnauthenticated);
       ++number) {
    const auto code = libcontainerd::ErrorCodeFromNumber(number);
    if (libcontainerd::ErrorCodeName(code) == text.substr(0, colon)) return true;
  }
  return false;
}

std::string ErrorText(const libcontainerd::Error& error) {
  const bool plain = error.code == libcontainerd::ErrorCode::kUnknown && !LooksCoded(error.message);
  if (plain) return Escaped(error.message);
  return std::string(libcontainerd::ErrorCodeName(error.code)) + ":" + Escaped(error.message);
}

std::string ArgumentText(const FaultTerm& term) {
  switch (FaultActions()[static_cast<std::size_t>(term.action)].argument) {
    case FaultArgument::kNone:
      return "";
    case FaultArgument::kOptionalDuration:
      if (term.duration == Duration::zero()) return "";
      [[fallthrough]];
    case FaultArgument::kDuration:
      return "(" + DurationText(term.duration) + ")";
    case FaultArgument::kCount:
      return "(" + std::to_string(term.count) + ")";
    case FaultArgument::kError:
      return "(" + ErrorText(term.error) + ")";
    case FaultArgument::kField:
      return "(" + term.field + "=" + Escaped(term.value) + ")";
  }
  return "";
}

}  // namespace

std::string ToString(const FaultTerm& term) {
  std::string text;
  if (term.probability) text += PercentText(*term.probability);
  if (term.times) text += std::to_string(*term.times) + "*";
  return text + std::string(FaultActionName(term.action)) + ArgumentText(term);
}

std::string FaultPlan::ToString() const {
  std::string text;
  for (const FaultRule& rule : rules_) {
    text += rule.point;
    if (!rule.subject.empty()) text += "@" + rule.subject;
    std::string_view before = "=";
    for (const FaultTerm& term : rule.terms) {
      text.append(before).append(fake_containerd::ToString(term));
      before = "->";
    }
    text += '\n';
  }
  return text;
}

bool FaultPlan::Names(std::string_view prefix) const {
  return std::ranges::any_of(
      rules_, [prefix](const FaultRule& rule) { return rule.point.starts_with(prefix); });
}

}  // namespace fake_containerd
