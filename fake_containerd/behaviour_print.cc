// How behaviours become text again.

#include <algorithm>
#include <variant>

#include "fake_containerd/behaviour_text.h"
#include "fake_containerd/behaviour_words.h"
#include "fake_containerd/go_duration.h"

namespace fake_containerd {

namespace {

constexpr char kDigits[] = "0123456789abcdef";

}  // namespace

std::string EscapeBytes(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    switch (c) {
      case '\n':
        text += "\\n";
        break;
      case '\r':
        text += "\\r";
        break;
      case '\t':
        text += "\\t";
        break;
      case '\0':
        text += "\\0";
        break;
      case ' ':
        text += "\\s";
        break;
      case '\\':
      case ';':
      case ':':
        text += std::string("\\") + c;
        break;
      default:
        if (c > ' ' && c <= '~') {
          text += c;
        } else {
          const auto byte = static_cast<unsigned char>(c);
          text += std::string("\\x") + kDigits[byte >> 4U] + kDigits[byte & 15U];
        }
    }
  }
  return text;
}

std::string PrintSignal(std::uint32_t signal) {
  if (signal >= 1 && signal <= kSignalNames.size()) return std::string(kSignalNames[signal - 1]);
  return std::to_string(signal);
}

namespace {

std::string PrintSize(std::uint64_t bytes) {
  for (const SizeUnit& unit : kSizeUnits) {
    if (bytes == 0 || bytes % unit.bytes != 0) continue;
    return std::to_string(bytes / unit.bytes) + unit.name;
  }
  return std::to_string(bytes);
}

std::string Suffix(OutputStream stream) {
  return stream == OutputStream::kStderr ? "-err" : "";
}

struct Printer {
  std::string operator()(const step::Write& step) const {
    const std::string times = step.times == 1 ? "" : "*" + std::to_string(step.times);
    return "write" + Suffix(step.stream) + times + "=" + EscapeBytes(step.data);
  }
  std::string operator()(const step::WritePattern& step) const {
    const std::string seed = step.seed == 0 ? "" : ":seed=" + std::to_string(step.seed);
    return "pattern" + Suffix(step.stream) + "=" + PrintSize(step.bytes) + seed;
  }
  std::string operator()(const step::EchoStdin&) const { return "echo"; }
  std::string operator()(const step::ReadStdin&) const { return "read"; }
  std::string operator()(const step::Wait& step) const {
    return "sleep=" + PrintGoDuration(step.duration);
  }
  std::string operator()(const step::AwaitCue& step) const {
    return "cue=" + EscapeBytes(step.name);
  }
  std::string operator()(const step::CloseOutput& step) const {
    return step.stream == OutputStream::kStdout ? "close=stdout" : "close=stderr";
  }
  std::string operator()(const step::SpawnChildren& step) const {
    std::string text = "children=" + std::to_string(step.count);
    if (step.lifetime) text += ":life=" + PrintGoDuration(*step.lifetime);
    if (!step.output.empty()) text += ":output=" + EscapeBytes(step.output);
    return text;
  }
  std::string operator()(const step::Exit& step) const {
    return "exit=" + std::to_string(step.code);
  }
  std::string operator()(const step::Die& step) const { return "die=" + PrintSignal(step.signal); }
  std::string operator()(const step::Oom& step) const { return step.child ? "oom=child" : "oom"; }
};

std::string PrintHandler(std::uint32_t signal, const SignalHandler& handler) {
  if (handler.action == SignalHandler::Action::kIgnore) return "ignore=" + PrintSignal(signal);
  std::string text = "trap=" + PrintSignal(signal) + ":exit=" + std::to_string(handler.code);
  if (handler.delay != Duration::zero()) text += ":after=" + PrintGoDuration(handler.delay);
  return text;
}

std::string PrintStartFailure(const StartFailure& failure) {
  const auto kind = std::ranges::find(kStartFailures, failure.kind, &StartFailureName::kind);
  std::string text = "start-fail=";
  text += kind == kStartFailures.end() ? "none-of-a-start" : std::string(kind->name);
  if (!failure.subject.empty()) text += ":" + EscapeBytes(failure.subject);
  return text;
}

}  // namespace

std::vector<std::string> BehaviourTerms(const Behaviour& behaviour) {
  std::vector<std::string> terms;
  if (behaviour.start_failure) terms.push_back(PrintStartFailure(*behaviour.start_failure));
  if (behaviour.start_delay != Duration::zero()) {
    terms.push_back("start-delay=" + PrintGoDuration(behaviour.start_delay));
  }
  for (const auto& [signal, handler] : behaviour.signals) {
    terms.push_back(PrintHandler(signal, handler));
  }
  for (const Step& step : behaviour.steps) terms.push_back(std::visit(Printer(), step));
  return terms;
}

std::string PrintBehaviour(const Behaviour& behaviour) {
  std::string text;
  for (const std::string& term : BehaviourTerms(behaviour)) {
    text += (text.empty() ? "" : " ") + term;
  }
  return text;
}

}  // namespace fake_containerd
