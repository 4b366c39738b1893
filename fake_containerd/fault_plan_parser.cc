// Reads the fault grammar; fault_plan.h describes it.

#include <algorithm>
#include <charconv>
#include <limits>

#include "fake_containerd/fault_plan.h"
#include "fake_containerd/go_duration.h"
#include "fake_containerd/is_digit.h"
#include "libcontainerd/time_text.h"

namespace fake_containerd {

using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::Result;

namespace {

constexpr std::size_t kPercentDigits = 4;  // after the point
constexpr std::size_t kMaxShown = 60;

bool IsWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || IsDigit(c) || c == '.' || c == '-' ||
         c == '_';
}
bool IsBlank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

template <class Number>
std::optional<Number> ToNumber(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

// "12.5" percent in millionths; none beyond 100, for 0, and for more than four decimals.
std::optional<std::uint32_t> ToMillionths(std::string_view text) {
  const std::size_t point = text.find('.');
  std::string fraction(point == std::string_view::npos ? "" : text.substr(point + 1));
  if (fraction.size() > kPercentDigits) return std::nullopt;
  fraction.resize(kPercentDigits, '0');
  const auto whole = ToNumber<std::uint32_t>(text.substr(0, point));
  const auto part = ToNumber<std::uint32_t>(fraction);
  if (!whole || !part || *whole > 100) return std::nullopt;
  const std::uint32_t millionths = *whole * kPercent + *part;
  if (millionths == 0 || millionths > 100 * kPercent) return std::nullopt;
  return millionths;
}

std::string List(const std::vector<std::string_view>& names) {
  std::string list = "expected one of ";
  for (std::size_t i = 0; i < names.size(); ++i) {
    list.append(i == 0 ? "" : ", ").append(names[i]);
  }
  return list;
}

std::optional<ErrorCode> CodeNamed(std::string_view name) {
  for (int number = 1; number <= static_cast<int>(ErrorCode::kUnauthenticated); ++number) {
    const ErrorCode code = libcontainerd::ErrorCodeFromNumber(number);
    if (libcontainerd::ErrorCodeName(code) == name) return code;
  }
  return std::nullopt;
}

class Parser {
 public:
  Parser(std::string_view text, std::string_view name) : text_(text), name_(name) {}

  Result<FaultPlan> Run() {
    std::vector<FaultRule> rules;
    for (SkipToRule(); at_ < text_.size(); SkipToRule()) {
      FaultRule rule;
      if (!ReadRule(rule)) return Fail(ErrorCode::kInvalidArgument, problem_);
      rules.push_back(std::move(rule));
    }
    return FaultPlan(std::move(rules));
  }

 private:
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool AtEnd() const { return at_ >= text_.size(); }
  bool AtRuleEnd() const { return AtEnd() || Peek() == ';' || Peek() == '\n' || Peek() == '#'; }
  bool Take(std::string_view token) {
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  void SkipBlanks() {
    while (!AtEnd() && IsBlank(Peek())) ++at_;
  }
  void SkipToRule() {
    while (!AtEnd()) {
      if (Peek() == '#') {
        while (!AtEnd() && Peek() != '\n') ++at_;
      } else if (IsBlank(Peek()) || Peek() == '\n' || Peek() == ';') {
        ++at_;
      } else {
        return;
      }
    }
  }
  std::string_view TakeWhile(bool (*belongs)(char)) {
    const std::size_t begin = at_;
    while (!AtEnd() && belongs(Peek())) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  // Always false, for `return Wrong(…)`.
  bool Wrong(std::size_t where, std::string_view what, const std::string& expected) {
    const std::string_view before = text_.substr(0, where);
    const auto line = 1 + std::ranges::count(before, '\n');
    const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
    std::string shown(what.substr(0, kMaxShown));
    if (what.size() > kMaxShown) shown += "…";
    problem_ = std::string(name_) + ":" + std::to_string(line) + ":" +
               std::to_string(where - line_start + 1) + ": " +
               (shown.empty() ? "nothing" : "\"" + shown + "\"") + ": " + expected;
    return false;
  }
  // What stands here, up to the next separator.
  std::string_view Here() const {
    std::size_t end = at_;
    while (end < text_.size() && text_[end] != ';' && text_[end] != '\n') ++end;
    return text_.substr(at_, end - at_);
  }

  bool ReadRule(FaultRule& rule) {
    const std::size_t begin = at_;
    rule.point = std::string(TakeWhile(IsWord));
    const InjectionPoint* const point = FindInjectionPoint(rule.point);
    if (rule.point.empty()) return Wrong(at_, Here(), "expected the name of a point");
    if (point == nullptr) {
      return Wrong(
          begin, rule.point,
          "no such point, the nearest is " + std::string(NearestInjectionPoint(rule.point)));
    }
    if (point->actions.empty()) return Wrong(begin, rule.point, "no fault is possible there");
    SkipBlanks();
    if (Take("@")) {
      rule.subject = std::string(TakeWhile(
          [](char c) { return !IsBlank(c) && c != '\n' && c != '=' && c != ';' && c != '#'; }));
      if (rule.subject.empty()) return Wrong(at_, Here(), "expected a container's id after @");
      SkipBlanks();
    }
    if (!Take("=")) return Wrong(at_, Here(), "expected = and what shall happen");
    do {
      SkipBlanks();
      FaultTerm term;
      if (!ReadTerm(*point, term)) return false;
      rule.terms.push_back(std::move(term));
      SkipBlanks();
    } while (Take("->"));
    if (!AtRuleEnd()) return Wrong(at_, Here(), "expected ->, ; or the end of the line");
    return true;
  }

  bool ReadTerm(const InjectionPoint& point, FaultTerm& term) {
    while (IsDigit(Peek())) {
      if (!ReadNumber(term)) return false;
    }
    const std::size_t begin = at_;
    const std::string_view name = TakeWhile([](char c) { return c >= 'a' && c <= 'z'; });
    const auto info = std::ranges::find(FaultActions(), name, &FaultActionInfo::name);
    const bool known = info != FaultActions().end();
    const bool possible =
        known && (info->action == FaultAction::kOff ||
                  std::ranges::find(point.actions, info->action) != point.actions.end());
    if (!possible) {
      std::vector<std::string_view> names{FaultActionName(FaultAction::kOff)};
      for (const FaultAction action : point.actions) names.push_back(FaultActionName(action));
      return Wrong(begin, name.empty() ? Here() : name,
                   (known ? "not possible at " + point.name : std::string("no such action")) +
                       ", " + List(names));
    }
    term.action = info->action;
    return ReadArgument(*info, term);
  }

  // "25.0%" or "5*"
  bool ReadNumber(FaultTerm& term) {
    const std::size_t begin = at_;
    const std::string_view number = TakeWhile([](char c) { return IsDigit(c) || c == '.'; });
    if (Take("%")) {
      if (term.probability || term.times) {
        return Wrong(begin, number, "expected one probability, before the number of times");
      }
      term.probability = ToMillionths(number);
      if (term.probability) return true;
      return Wrong(begin, number,
                   "expected a probability above 0 and up to 100, with four decimals at most");
    }
    if (Take("*")) {
      if (term.times) return Wrong(begin, number, "expected one number of times");
      term.times = ToNumber<std::uint64_t>(number);
      if (term.times && *term.times > 0) return true;
      return Wrong(begin, number, "expected a whole number of times from 1");
    }
    return Wrong(begin, number, "expected % or * after the number");
  }

  bool ReadArgument(const FaultActionInfo& info, FaultTerm& term) {
    const std::size_t begin = at_;
    const bool given = Take("(");
    if (!given) {
      if (info.argument == FaultArgument::kNone ||
          info.argument == FaultArgument::kOptionalDuration) {
        return true;
      }
      return Wrong(begin, Here(), "expected ( and " + Expected(info.argument));
    }
    if (info.argument == FaultArgument::kNone) {
      at_ = begin;
      return Wrong(begin, Here(), std::string(info.name) + " takes no argument");
    }
    const std::size_t inside = at_;
    std::string argument;
    if (!ReadText(argument)) {
      return Wrong(begin, text_.substr(begin, at_ - begin), "expected ) on the same line");
    }
    if (Understand(info.argument, argument, term)) return true;
    return Wrong(inside, argument, "expected " + Expected(info.argument));
  }

  // Up to the closing parenthesis; \) \\ and \n are what they are elsewhere.
  bool ReadText(std::string& text) {
    for (; !AtEnd() && Peek() != '\n'; ++at_) {
      if (Take(")")) return true;
      if (Peek() != '\\') {
        text += Peek();
        continue;
      }
      ++at_;
      if (AtEnd() || Peek() == '\n') return false;
      text += Peek() == 'n' ? '\n' : Peek();
    }
    return false;
  }

  static std::string Expected(FaultArgument argument) {
    switch (argument) {
      case FaultArgument::kNone:
        return "nothing";
      case FaultArgument::kDuration:
      case FaultArgument::kOptionalDuration:
        return "a duration such as 100ms, 1.5s or 2m";
      case FaultArgument::kCount:
        return "a whole number from 1";
      case FaultArgument::kError:
        return "a text, or a code and a text: UNAVAILABLE:text";
      case FaultArgument::kField:
        return "type=KIND, id=TEXT, pid=TEXT, status=NUMBER or timestamp=RFC 3339 time";
    }
    return "";
  }

  static bool Understand(FaultArgument argument, const std::string& text, FaultTerm& term) {
    switch (argument) {
      case FaultArgument::kNone:
        return false;
      case FaultArgument::kDuration:
      case FaultArgument::kOptionalDuration: {
        const std::optional<Duration> duration = ParseGoDuration(text);
        if (!duration || *duration < Duration::zero()) return false;
        // For ever is said by leaving it out.
        if (argument == FaultArgument::kOptionalDuration && *duration == Duration::zero()) {
          return false;
        }
        term.duration = *duration;
        return true;
      }
      case FaultArgument::kCount: {
        const auto count = ToNumber<std::uint64_t>(text);
        term.count = count.value_or(0);
        return term.count > 0;
      }
      case FaultArgument::kError: {
        const std::size_t colon = text.find(':');
        const std::optional<ErrorCode> code =
            colon == std::string::npos ? std::nullopt : CodeNamed(text.substr(0, colon));
        term.error = {code.value_or(ErrorCode::kUnknown), code ? text.substr(colon + 1) : text};
        return true;
      }
      case FaultArgument::kField:
        return UnderstandField(text, term);
    }
    return false;
  }

  static bool UnderstandField(const std::string& text, FaultTerm& term) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) return false;
    term.field = text.substr(0, equals);
    term.value = text.substr(equals + 1);
    if (term.field == "type") return EventKindFromName(term.value).has_value();
    if (term.field == "status") return ToNumber<std::uint32_t>(term.value).has_value();
    if (term.field == "timestamp") return libcontainerd::ParseTime(term.value).has_value();
    return term.field == "id" || term.field == "pid";
  }

  const std::string_view text_;
  const std::string_view name_;
  std::size_t at_ = 0;
  std::string problem_;
};

}  // namespace

Result<FaultPlan> FaultPlan::Parse(std::string_view text, std::string_view name) {
  return Parser(text, name).Run();
}

}  // namespace fake_containerd
