// PrintScenario and PrintAction.

#include <algorithm>
#include <vector>

#include "fake_containerd/go_duration.h"
#include "fake_containerd/json_node.h"
#include "scenarios/scenario_text.h"
#include "scenarios/text/expansion.h"
#include "scenarios/text/words.h"

namespace scenarios {
namespace {

using fake_containerd::QuoteJson;

std::string Print(const std::string& value) {
  if (fake_containerd::IsUtf8(value)) return QuoteJson(EscapeVariables(value));
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    hex += kDigits[byte >> 4U];
    hex += kDigits[byte & 15U];
  }
  return "{\"hex\": \"" + hex + "\"}";
}
std::string Print(bool value) {
  return value ? "true" : "false";
}
std::string Print(std::uint32_t value) {
  return std::to_string(value);
}
std::string Print(std::uint64_t value) {
  return std::to_string(value);
}
std::string Print(std::int64_t value) {
  return std::to_string(value);
}
std::string Print(Duration value) {
  return QuoteJson(fake_containerd::PrintGoDuration(value));
}
std::string Print(const JsonText& value) {
  try {
    const fake_containerd::JsonDocument document(value.text, {.deepest = 256});
    return EscapeVariables(fake_containerd::CompactJson(document.root()));
  } catch (const fake_containerd::JsonError&) {
    return QuoteJson(EscapeVariables(value.text));
  }
}

template <class T>
std::string Print(const std::vector<T>& values) {
  std::string text = "[";
  for (const T& value : values) {
    if (text.size() > 1) text += ", ";
    text += Print(value);
  }
  return text + "]";
}
template <class T>
std::string Print(const std::map<std::string, T>& values) {
  std::string text = "{";
  for (const auto& [name, value] : values) {
    if (text.size() > 1) text += ", ";
    text += QuoteJson(EscapeVariables(name)) + ": " + Print(value);
  }
  return text + "}";
}
template <class T>
std::string Print(const std::optional<T>& value) {
  return value ? Print(*value) : "null";
}

using PrintedFields = std::vector<std::string>;  // "\"id\": \"web\""

// Prints the fields that do not have their initial value, and all that are required.
template <class T>
PrintedFields PrintFields(const T& whole) {
  static const T initial{};
  std::vector<const void*> initials;
  const auto note = [&](const FieldInfo&, const auto& member) { initials.push_back(&member); };
  T::Fields(initial, note);
  PrintedFields fields;
  std::size_t index = 0;
  const auto print = [&]<class Member>(const FieldInfo& info, const Member& member) {
    const bool same = member == *static_cast<const Member*>(initials[index++]);
    if (same && !info.required) return;
    fields.push_back("\"" + std::string(info.name) + "\": " + Print(member));
  };
  T::Fields(whole, print);
  return fields;
}

std::string InBraces(const PrintedFields& fields, std::string_view between = ", ") {
  std::string text = "{";
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) text += between;
    text += fields[i];
  }
  return text + "}";
}

PrintedFields FieldsOf(const Action& action) {
  return std::visit(
      []<class T>(const T& what) -> PrintedFields {
        if constexpr (Group<T>) {
          return {};
        } else {
          PrintedFields fields = PrintFields(what);
          fields.insert(fields.begin(), "\"do\": \"" + std::string(T::kWord) + "\"");
          return fields;
        }
      },
      action.what);
}

// "at": "5s"
std::string BeginOf(const action::Later& later) {
  if (later.at) return "\"at\": " + Print(*later.at);
  if (later.after) return "\"after\": " + Print(*later.after);
  return "\"when\": " + InBraces(PrintFields(later.when.value_or(action::Condition())));
}

std::string OnOneLine(const Actions& actions) {
  std::string text = "[";
  for (const Action& action : actions) {
    if (text.size() > 1) text += ", ";
    text += PrintAction(action);
  }
  return text + "]";
}

class Printer {
 public:
  explicit Printer(std::string& out) : out_(out) {}

  // The list's brackets are the caller's.
  void Print(const Actions& actions, std::size_t depth) {
    for (std::size_t i = 0; i < actions.size(); ++i) {
      Indent(depth);
      Print(actions[i], depth);
      out_ += i + 1 < actions.size() ? ",\n" : "\n";
    }
  }

 private:
  static constexpr std::size_t kColumns = 100;

  void Indent(std::size_t depth) { out_.append(2 * depth, ' '); }

  void Print(const Action& action, std::size_t depth) {
    if (const auto* parallel = std::get_if<action::Parallel>(&action.what)) {
      out_ += "{\"parallel\": [\n";
      for (std::size_t i = 0; i < parallel->branches.size(); ++i) {
        Indent(depth + 1);
        PrintList(parallel->branches[i], depth + 1);
        out_ += i + 1 < parallel->branches.size() ? ",\n" : "\n";
      }
      Indent(depth);
      out_ += "]}";
    } else if (const auto* later = std::get_if<action::Later>(&action.what)) {
      out_ += "{" + BeginOf(*later) + ", \"actions\": ";
      PrintList(later->actions, depth);
      out_ += "}";
    } else {
      const PrintedFields fields = FieldsOf(action);
      const std::string line = InBraces(fields);
      const bool fits = 2 * depth + line.size() <= kColumns;
      out_ += fits ? line : InBraces(fields, ",\n" + std::string(2 * depth + 1, ' '));
    }
  }

  void PrintList(const Actions& actions, std::size_t depth) {
    out_ += "[\n";
    Print(actions, depth + 1);
    Indent(depth);
    out_ += "]";
  }

  std::string& out_;
};

// A part of the scenario, a field a line.
template <class T>
void AddPart(std::vector<std::string>& parts, const char* name, const T& part) {
  std::string text = "\"" + std::string(name) + "\": {";
  const PrintedFields fields = PrintFields(part);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    text += (i > 0 ? ",\n    " : "\n    ") + fields[i];
  }
  parts.push_back(text + "\n  }");
}

}  // namespace

std::string PrintAction(const Action& action) {
  if (const auto* parallel = std::get_if<action::Parallel>(&action.what)) {
    std::string text = "{\"parallel\": [";
    for (std::size_t i = 0; i < parallel->branches.size(); ++i) {
      text += (i > 0 ? ", " : "") + OnOneLine(parallel->branches[i]);
    }
    return text + "]}";
  }
  if (const auto* later = std::get_if<action::Later>(&action.what)) {
    return "{" + BeginOf(*later) + ", \"actions\": " + OnOneLine(later->actions) + "}";
  }
  return InBraces(FieldsOf(action));
}

std::string PrintScenario(const Scenario& scenario) {
  std::vector<std::string> parts;
  if (!scenario.intent.empty()) parts.push_back("\"intent\": " + Print(scenario.intent));
  if (!scenario.tags.empty()) parts.push_back("\"tags\": " + Print(scenario.tags));
  if (scenario.setup != Setup()) AddPart(parts, "setup", scenario.setup);
  std::string actions = "\"actions\": [\n";
  Printer(actions).Print(scenario.actions, 2);
  parts.push_back(scenario.actions.empty() ? "\"actions\": []" : actions + "  ]");
  if (scenario.guarantees != Verdicts()) AddPart(parts, "guarantees", scenario.guarantees);
  if (scenario.failure) AddPart(parts, "failure", *scenario.failure);
  std::string text = "{\n";
  for (std::size_t i = 0; i < parts.size(); ++i) {
    text += "  " + parts[i] + (i + 1 < parts.size() ? ",\n" : "\n");
  }
  return text + "}\n";
}

}  // namespace scenarios
