#include "fake_containerd/behaviour_text.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <limits>
#include <optional>
#include <utility>

#include "fake_containerd/behaviour_words.h"
#include "fake_containerd/go_duration.h"
#include "fake_containerd/world/signals.h"

namespace fake_containerd {

using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::Result;

namespace {

// What a value could not be read as; the caller adds the place.
template <class T>
using Read = tl::expected<T, std::string>;
using Done = Read<std::monostate>;

constexpr std::uint32_t kHighestCode = 255;
// Each is a map entry and a timer, and text comes from anywhere.
constexpr std::uint64_t kMostChildren = 10'000;
// Added to a clock it must not overflow.
constexpr Duration kLongest = std::chrono::hours(24 * 365 * 10);
constexpr std::size_t kQuoted = 60;

// --- Bytes ---

// For an error: what was written, in printable letters, not endlessly.
std::string Quote(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text.substr(0, kQuoted)) {
    if (c >= ' ' && c <= '~') {
      quoted += c;
    } else {
      quoted += EscapeBytes(std::string_view(&c, 1));
    }
  }
  return quoted + (text.size() > kQuoted ? "…\"" : "\"");
}

tl::unexpected<std::string> Expected(std::string_view got, const std::string& what) {
  return tl::unexpected<std::string>(Quote(got) + " is none, expected " + what);
}

std::optional<unsigned> HexDigit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

// Takes one escape off the front, which begins with a backslash.
std::optional<char> TakeEscape(std::string_view& text) {
  constexpr std::string_view kNames = "nrt0s\\;: ";
  constexpr std::string_view kBytes("\n\r\t\0 \\;: ", 9);
  if (text.size() < 2) return std::nullopt;
  if (text[1] == 'x') {
    const auto high = text.size() > 3 ? HexDigit(text[2]) : std::nullopt;
    const auto low = text.size() > 3 ? HexDigit(text[3]) : std::nullopt;
    if (!high || !low) return std::nullopt;
    text.remove_prefix(4);
    return static_cast<char>(*high * 16 + *low);
  }
  const std::size_t place = kNames.find(text[1]);
  if (place == std::string_view::npos) return std::nullopt;
  text.remove_prefix(2);
  return kBytes[place];
}

Read<std::string> ReadBytes(std::string_view text) {
  std::string bytes;
  while (!text.empty()) {
    if (text.front() != '\\') {
      bytes += text.front();
      text.remove_prefix(1);
      continue;
    }
    const std::string_view culprit = text.substr(0, 2);
    const std::optional<char> byte = TakeEscape(text);
    if (!byte) return Expected(culprit, "an escape: \\n \\r \\t \\0 \\s \\\\ \\; \\: or \\xHH");
    bytes += *byte;
  }
  return bytes;
}

// --- Numbers ---

std::optional<std::uint64_t> WholeNumber(std::string_view text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data(), end, number);
  if (text.empty() || error != std::errc() || last != end) return std::nullopt;
  return number;
}

Read<std::uint64_t> ReadNumber(std::string_view text, std::uint64_t least, std::uint64_t most) {
  const std::optional<std::uint64_t> number = WholeNumber(text);
  if (number && *number >= least && *number <= most) return *number;
  if (most == std::numeric_limits<std::uint64_t>::max()) return Expected(text, "a number");
  return Expected(text, "a number from " + std::to_string(least) + " to " + std::to_string(most));
}

Read<std::uint64_t> ReadCount(std::string_view text) {
  return ReadNumber(text, 0, std::numeric_limits<std::uint64_t>::max());
}

Read<std::uint32_t> ReadCode(std::string_view text) {
  const Read<std::uint64_t> code = ReadNumber(text, 0, kHighestCode);
  if (!code) return tl::unexpected(code.error());
  return static_cast<std::uint32_t>(*code);
}

Read<std::uint64_t> ReadSize(std::string_view text) {
  std::uint64_t unit = 1;
  std::string_view digits = text;
  for (const SizeUnit& candidate : kSizeUnits) {
    if (!text.ends_with(candidate.name)) continue;
    unit = candidate.bytes;
    digits.remove_suffix(1);
  }
  const std::optional<std::uint64_t> number = WholeNumber(digits);
  std::uint64_t bytes = 0;
  if (!number || __builtin_mul_overflow(*number, unit, &bytes)) {
    return Expected(text, "a size as 512, 64K or 2G");
  }
  return bytes;
}

Read<Duration> ReadDuration(std::string_view text) {
  const std::optional<Duration> duration = ParseGoDuration(text);
  if (!duration || *duration < Duration::zero() || *duration > kLongest) {
    return Expected(text, "a duration as 1.5s or 2m, up to ten years");
  }
  return *duration;
}

Read<std::uint32_t> ReadSignal(std::string_view text) {
  std::string_view name = text;
  if (name.starts_with("SIG")) name.remove_prefix(3);
  const auto found = std::ranges::find(kSignalNames, name);
  if (found != kSignalNames.end()) {
    return static_cast<std::uint32_t>(found - kSignalNames.begin()) + 1;
  }
  const std::optional<std::uint64_t> number = WholeNumber(text);
  if (number && *number >= 1 && *number <= kHighestSignal) {
    return static_cast<std::uint32_t>(*number);
  }
  return Expected(text, "a signal as TERM or a number from 1 to 64");
}

// --- Terms ---

// The first of `separator` that no backslash stands before.
std::size_t FindPlain(std::string_view text, std::string_view separators) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (separators.find(text[i]) != std::string_view::npos) {
      return i;
    }
  }
  return std::string_view::npos;
}

struct Option {
  std::string_view name;
  std::string_view value;
};

struct Term {
  std::string_view name;
  std::optional<std::string_view> times;
  std::optional<std::string_view> value;

  explicit Term(std::string_view text) {
    const std::size_t equals = text.find('=');
    name = text.substr(0, equals);
    if (equals != std::string_view::npos) value = text.substr(equals + 1);
    const std::size_t star = name.find('*');
    if (star == std::string_view::npos) return;
    times = name.substr(star + 1);
    name = name.substr(0, star);
  }
};

// "A:x=B:y=C": A, and the options.
struct Parts {
  std::string_view first;
  std::vector<Option> options;
};

Read<Parts> Split(std::string_view value, std::initializer_list<std::string_view> known) {
  Parts parts;
  std::size_t colon = FindPlain(value, ":");
  parts.first = value.substr(0, colon);
  std::string names;
  for (const std::string_view name : known) {
    names += (names.empty() ? "" : " or ") + std::string(name) + "=…";
  }
  while (colon != std::string_view::npos) {
    value.remove_prefix(colon + 1);
    colon = FindPlain(value, ":");
    const std::string_view text = value.substr(0, colon);
    const std::size_t equals = text.find('=');
    const Option option{text.substr(0, equals),
                        equals == std::string_view::npos ? "" : text.substr(equals + 1)};
    const bool is_known = std::ranges::find(known, option.name) != known.end();
    if (!is_known || equals == std::string_view::npos) return Expected(text, names);
    for (const Option& other : parts.options) {
      if (other.name != option.name) continue;
      return tl::unexpected<std::string>(Quote(option.name) + " stands twice, expected once");
    }
    parts.options.push_back(option);
  }
  return parts;
}

class Builder {
 public:
  Done Take(std::string_view text);
  Behaviour Finish() && { return std::move(behaviour_); }

 private:
  using Taker = Done (Builder::*)(const Term&, std::string_view value);
  struct Kind {
    std::string_view name;
    Taker taker;
    bool needs_value = true;
  };
  static const std::vector<Kind>& Kinds();

  template <class T>
  Done Add(T step) {
    behaviour_.steps.emplace_back(std::move(step));
    return std::monostate();
  }
  Done TakeWrite(const Term& term, std::string_view value);
  Done TakePattern(const Term& term, std::string_view value);
  Done TakeEcho(const Term&, std::string_view) { return Add(step::EchoStdin{}); }
  Done TakeRead(const Term&, std::string_view) { return Add(step::ReadStdin{}); }
  Done TakeSleep(const Term&, std::string_view value);
  Done TakeCue(const Term&, std::string_view value);
  Done TakeClose(const Term&, std::string_view value);
  Done TakeChildren(const Term&, std::string_view value);
  Done TakeExit(const Term&, std::string_view value);
  Done TakeDie(const Term&, std::string_view value);
  Done TakeOom(const Term& term, std::string_view value);
  Done TakeTrap(const Term&, std::string_view value);
  Done TakeIgnore(const Term&, std::string_view value);
  Done Handle(std::string_view signal, SignalHandler handler);
  Done TakeStartDelay(const Term&, std::string_view value);
  Done TakeStartFail(const Term&, std::string_view value);

  Behaviour behaviour_;
  bool delayed_ = false;
};

const std::vector<Builder::Kind>& Builder::Kinds() {
  static const std::vector<Kind> kKinds = {
      {"write", &Builder::TakeWrite},         {"write-err", &Builder::TakeWrite},
      {"pattern", &Builder::TakePattern},     {"pattern-err", &Builder::TakePattern},
      {"echo", &Builder::TakeEcho, false},    {"read", &Builder::TakeRead, false},
      {"sleep", &Builder::TakeSleep},         {"cue", &Builder::TakeCue},
      {"close", &Builder::TakeClose},         {"children", &Builder::TakeChildren},
      {"exit", &Builder::TakeExit},           {"die", &Builder::TakeDie},
      {"oom", &Builder::TakeOom, false},      {"trap", &Builder::TakeTrap},
      {"ignore", &Builder::TakeIgnore},       {"start-delay", &Builder::TakeStartDelay},
      {"start-fail", &Builder::TakeStartFail}};
  return kKinds;
}

OutputStream StreamOf(const Term& term) {
  return term.name.ends_with("-err") ? OutputStream::kStderr : OutputStream::kStdout;
}

Done Builder::Take(std::string_view text) {
  const Term term(text);
  const auto kind = std::ranges::find(Kinds(), term.name, &Kind::name);
  if (kind == Kinds().end()) {
    std::string names;
    for (const Kind& known : Kinds()) {
      names += (names.empty() ? "" : ", ") + std::string(known.name);
    }
    return tl::unexpected<std::string>("unknown term " + Quote(term.name) + ", expected one of " +
                                       names);
  }
  const bool is_write = kind->taker == &Builder::TakeWrite;
  if (term.times && !is_write) {
    return tl::unexpected<std::string>("* is for write and write-err, expected " +
                                       std::string(term.name) + " without");
  }
  if (kind->needs_value && !term.value) {
    return tl::unexpected<std::string>("no value, expected " + std::string(term.name) + "=…");
  }
  const bool takes_value = kind->needs_value || kind->taker == &Builder::TakeOom;
  if (!takes_value && term.value) {
    return tl::unexpected<std::string>("a value, expected " + std::string(term.name) + " alone");
  }
  return (this->*kind->taker)(term, term.value.value_or(""));
}

Done Builder::TakeWrite(const Term& term, std::string_view value) {
  const Read<std::string> data = ReadBytes(value);
  if (!data) return tl::unexpected(data.error());
  const Read<std::uint64_t> times = term.times ? ReadCount(*term.times) : 1;
  if (!times) return tl::unexpected(times.error());
  return Add(step::Write{.stream = StreamOf(term), .data = *data, .times = *times});
}

Done Builder::TakePattern(const Term& term, std::string_view value) {
  const Read<Parts> parts = Split(value, {"seed"});
  if (!parts) return tl::unexpected(parts.error());
  const Read<std::uint64_t> bytes = ReadSize(parts->first);
  if (!bytes) return tl::unexpected(bytes.error());
  step::WritePattern step{.stream = StreamOf(term), .bytes = *bytes};
  for (const Option& option : parts->options) {
    const Read<std::uint64_t> seed = ReadCount(option.value);
    if (!seed) return tl::unexpected(seed.error());
    step.seed = *seed;
  }
  return Add(step);
}

Done Builder::TakeSleep(const Term&, std::string_view value) {
  const Read<Duration> duration = ReadDuration(value);
  if (!duration) return tl::unexpected(duration.error());
  return Add(step::Wait{*duration});
}

Done Builder::TakeCue(const Term&, std::string_view value) {
  Read<std::string> name = ReadBytes(value);
  if (!name) return tl::unexpected(name.error());
  return Add(step::AwaitCue{std::move(*name)});
}

Done Builder::TakeClose(const Term&, std::string_view value) {
  if (value == "stdout") return Add(step::CloseOutput{OutputStream::kStdout});
  if (value == "stderr") return Add(step::CloseOutput{OutputStream::kStderr});
  return Expected(value, "stdout or stderr");
}

Done Builder::TakeChildren(const Term&, std::string_view value) {
  const Read<Parts> parts = Split(value, {"life", "output"});
  if (!parts) return tl::unexpected(parts.error());
  const Read<std::uint64_t> count = ReadNumber(parts->first, 0, kMostChildren);
  if (!count) return tl::unexpected(count.error());
  step::SpawnChildren step;
  step.count = static_cast<std::uint32_t>(*count);
  for (const Option& option : parts->options) {
    if (option.name == "life") {
      const Read<Duration> life = ReadDuration(option.value);
      if (!life) return tl::unexpected(life.error());
      step.lifetime = *life;
    } else {
      Read<std::string> output = ReadBytes(option.value);
      if (!output) return tl::unexpected(output.error());
      step.output = std::move(*output);
    }
  }
  return Add(std::move(step));
}

Done Builder::TakeExit(const Term&, std::string_view value) {
  const Read<std::uint32_t> code = ReadCode(value);
  if (!code) return tl::unexpected(code.error());
  return Add(step::Exit{*code});
}

Done Builder::TakeDie(const Term&, std::string_view value) {
  const Read<std::uint32_t> signal = ReadSignal(value);
  if (!signal) return tl::unexpected(signal.error());
  return Add(step::Die{*signal});
}

Done Builder::TakeOom(const Term& term, std::string_view value) {
  if (term.value && value != "child") return Expected(value, "oom or oom=child");
  return Add(step::Oom{term.value.has_value()});
}

Done Builder::TakeTrap(const Term&, std::string_view value) {
  const Read<Parts> parts = Split(value, {"exit", "after"});
  if (!parts) return tl::unexpected(parts.error());
  SignalHandler handler{.action = SignalHandler::Action::kExit};
  bool exits = false;
  for (const Option& option : parts->options) {
    if (option.name == "exit") {
      const Read<std::uint32_t> code = ReadCode(option.value);
      if (!code) return tl::unexpected(code.error());
      handler.code = *code;
      exits = true;
    } else {
      const Read<Duration> delay = ReadDuration(option.value);
      if (!delay) return tl::unexpected(delay.error());
      handler.delay = *delay;
    }
  }
  if (!exits) {
    return tl::unexpected<std::string>("no exit code, expected trap=SIGNAL:exit=CODE");
  }
  return Handle(parts->first, handler);
}

Done Builder::TakeIgnore(const Term&, std::string_view value) {
  return Handle(value, SignalHandler{});
}

Done Builder::Handle(std::string_view text, SignalHandler handler) {
  const Read<std::uint32_t> signal = ReadSignal(text);
  if (!signal) return tl::unexpected(signal.error());
  if (*signal == kSigKill || *signal == kSigStop) {
    return Expected(text, "a signal that can be handled, which KILL and STOP cannot");
  }
  if (!behaviour_.signals.emplace(*signal, handler).second) {
    return tl::unexpected<std::string>(PrintSignal(*signal) +
                                       " is handled twice, expected one trap or ignore of it");
  }
  return std::monostate();
}

Done Builder::TakeStartDelay(const Term&, std::string_view value) {
  const Read<Duration> delay = ReadDuration(value);
  if (!delay) return tl::unexpected(delay.error());
  if (std::exchange(delayed_, true)) {
    return tl::unexpected<std::string>("a second one, expected one start-delay");
  }
  behaviour_.start_delay = *delay;
  return std::monostate();
}

Done Builder::TakeStartFail(const Term&, std::string_view value) {
  const std::size_t colon = FindPlain(value, ":");
  const std::string_view name = value.substr(0, colon);
  const auto kind = std::ranges::find(kStartFailures, name, &StartFailureName::name);
  if (kind == kStartFailures.end()) {
    std::string names;
    for (const StartFailureName& known : kStartFailures) {
      names += (names.empty() ? "" : ", ") + std::string(known.name);
    }
    return Expected(name, "one of " + names);
  }
  Read<std::string> subject = std::string();
  if (colon != std::string_view::npos) subject = ReadBytes(value.substr(colon + 1));
  if (!subject) return tl::unexpected(subject.error());
  if (behaviour_.start_failure) {
    return tl::unexpected<std::string>("a second one, expected one start-fail");
  }
  behaviour_.start_failure = StartFailure{.kind = kind->kind, .subject = std::move(*subject)};
  return std::monostate();
}

Result<Behaviour> ParseTerms(const std::vector<std::string_view>& terms) {
  Builder builder;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    const Done taken = builder.Take(terms[i]);
    if (taken) continue;
    return Fail(ErrorCode::kInvalidArgument,
                "term " + std::to_string(i + 1) + ", " + Quote(terms[i]) + ": " + taken.error());
  }
  return std::move(builder).Finish();
}

Result<Behaviour> At(const std::string& place, Result<Behaviour> parsed) {
  if (parsed) return parsed;
  return Fail(parsed.error().code, place + ": " + parsed.error().message);
}

}  // namespace

Result<Behaviour> ParseBehaviour(std::string_view text) {
  constexpr std::string_view kSeparators = " \t\r\n;";
  std::vector<std::string_view> terms;
  while (!text.empty()) {
    const std::size_t end = FindPlain(text, kSeparators);
    if (end != 0) terms.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return ParseTerms(terms);
}

Result<Behaviour> ParseBehaviour(std::span<const std::string> terms) {
  return ParseTerms({terms.begin(), terms.end()});
}

Result<Behaviour> BehaviourInWords(const ProcessRequest& request) {
  std::vector<std::string> names = {std::string(kBehaviourAnnotation) + "." + request.process};
  if (request.process == kInitName) names.emplace_back(kBehaviourAnnotation);
  for (const std::string& name : names) {
    const auto annotation = request.annotations.find(name);
    if (annotation == request.annotations.end()) continue;
    return At("annotation " + name, ParseBehaviour(annotation->second));
  }
  const std::vector<std::string>& args = request.spec.args;
  if (args.empty()) return Behaviour();
  const std::string& program = args.front();
  if (program.substr(program.rfind('/') + 1) != kBehaviourProgram) return Behaviour();
  return At("arguments of " + program, ParseBehaviour(std::span(args).subspan(1)));
}

}  // namespace fake_containerd
