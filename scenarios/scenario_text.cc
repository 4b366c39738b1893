#include "scenarios/scenario_text.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

#include "scenarios/text/action_reader.h"
#include "scenarios/text/field_reader.h"

namespace scenarios {

using fake_containerd::JsonDocument;
using fake_containerd::JsonError;
using fake_containerd::JsonNode;
using fake_containerd::JsonValue;
using libcontainerd::ErrorCode;
using libcontainerd::Result;

namespace {

// Three levels for each group, and the specs in there.
constexpr std::size_t kDeepestJson = 3 * kDeepestGroups + 64;

// "lost-exit" of "library/lost-exit.json".
std::string ScenarioName(const std::string& file) {
  constexpr std::string_view kExtension = ".json";
  std::string name = file.substr(file.find_last_of('/') + 1);
  if (name.ends_with(kExtension)) name.resize(name.size() - kExtension.size());
  return name;
}

libcontainerd::Error Refusal(const std::string& file, const JsonError& error) {
  return {ErrorCode::kInvalidArgument, file + ":" + std::to_string(error.line) + ":" +
                                           std::to_string(error.column) + ": " + error.text};
}

// A value that was given from outside, standing at the variable that it replaces.
JsonValue OutsideValue(const std::string& text, std::size_t offset) {
  try {
    JsonValue value = JsonDocument(text).root();
    MoveTo(value, offset);
    return value;
  } catch (const JsonError&) {
    return {.kind = JsonValue::Kind::kText, .offset = offset, .text = text};
  }
}

Variables ReadVariables(const JsonNode& root, const ParseOptions& options) {
  const auto declared = root.Find("variables");
  Variables variables;
  if (declared) {
    if (declared->kind() != JsonNode::Kind::kObject) declared->Fail("is no object");
    for (std::size_t i = 0; i < declared->value().items.size(); ++i) {
      const JsonValue::Name& name = declared->value().names[i];
      if (!IsVariableName(name.text)) {
        root.document().Fail(name.offset, "is no name of a variable: letters, digits and _");
      }
      const JsonValue& value = declared->value().items[i];
      const auto outside = options.variables.find(name.text);
      variables.Push(name.text, outside == options.variables.end()
                                    ? value
                                    : OutsideValue(outside->second, value.offset));
    }
  }
  for (const auto& [name, value] : options.variables) {
    if (!IsVariableName(name) || variables.Find(name) == nullptr) {
      root.Fail("has no variable \"" + name + "\", which is given from outside");
    }
  }
  return variables;
}

template <class T>
void ReadPart(const JsonNode& root, const char* name, T& part) {
  const auto node = root.Find(name);
  if (!node) return;
  node->Object(FieldNames<T>());
  FieldReader read(*node, name);
  T::Fields(part, read);
}

void CheckMutants(const JsonNode& root, const char* part, const ParseOptions& options) {
  const auto node = root.Find(part);
  const auto mutants = node ? node->Find("mutants") : std::nullopt;
  if (!mutants || !options.mutants) return;
  const Words known(options.mutants->begin(), options.mutants->end());
  for (const JsonNode& mutant : mutants->Items()) {
    std::string name;
    ReadValue(mutant, name);
    if (std::ranges::find(known, name) == known.end()) mutant.FailAsWord(name, known);
  }
}

// A guarantee cannot be both.
void CheckVerdicts(const JsonNode& root, const Verdicts& verdicts) {
  for (std::size_t i = 0; i < verdicts.broken.size(); ++i) {
    if (std::ranges::find(verdicts.held, verdicts.broken[i]) == verdicts.held.end()) continue;
    root.At("guarantees")
        .At("broken")
        .Items()[i]
        .Fail("is \"" + verdicts.broken[i] + "\", which must be held too");
  }
}

// The parts that come before and after the actions, with variables filled in.
JsonValue FilledHead(const JsonNode& root, const Variables& variables) {
  JsonValue head{.kind = JsonValue::Kind::kObject, .offset = root.value().offset};
  std::size_t bytes = kMostExpandedBytes;
  for (const char* part : {"intent", "tags", "setup", "guarantees", "failure"}) {
    const auto node = root.Find(part);
    if (!node) continue;
    head.items.push_back(Expand(*node, variables, bytes));
    head.names.push_back({part, node->value().offset});
  }
  return head;
}

Scenario ReadScenario(const JsonNode& root, const std::string& file, const ParseOptions& options) {
  constexpr std::array<std::string_view, 8> kParts = {
      "$schema", "intent", "tags", "variables", "setup", "actions", "guarantees", "failure"};
  root.Object(kParts);
  if (const auto schema = root.Find("$schema")) schema->Text();
  Variables variables = ReadVariables(root, options);
  const JsonValue filled = FilledHead(root, variables);
  const JsonNode head(root.document(), filled);
  Scenario scenario;
  scenario.name = ScenarioName(file);
  if (const auto intent = head.Find("intent")) ReadValue(*intent, scenario.intent);
  if (const auto tags = head.Find("tags")) ReadValue(*tags, scenario.tags);
  ReadPart(head, "setup", scenario.setup);
  ReadPart(head, "guarantees", scenario.guarantees);
  if (head.Find("failure")) ReadPart(head, "failure", scenario.failure.emplace());
  CheckMutants(head, "setup", options);
  CheckMutants(head, "failure", options);
  CheckVerdicts(head, scenario.guarantees);
  ActionReader actions(root.document(), file, options.seed, std::move(variables));
  scenario.actions = actions.ReadList(root.At("actions"));
  actions.CheckLabels();
  return scenario;
}

}  // namespace

Result<Scenario> ParseScenario(const std::string& text, const std::string& name,
                               const ParseOptions& options) {
  try {
    const JsonDocument document(
        text, {.deepest = kDeepestJson, .comments = true, .title = "the scenario"});
    return ReadScenario(JsonNode(document), name, options);
  } catch (const JsonError& error) {
    return libcontainerd::Fail(Refusal(name, error));
  }
}

Result<Scenario> ReadScenarioFile(const std::string& path, const ParseOptions& options) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (in.is_open() && !in.bad()) return ParseScenario(text, path, options);
  const int error = errno;
  return libcontainerd::Fail(
      error == ENOENT ? ErrorCode::kNotFound : ErrorCode::kUnavailable,
      "scenario " + path + " cannot be read: " + std::generic_category().message(error));
}

Result<Action> ParseAction(const std::string& text) {
  const std::string name = "action";
  try {
    const JsonDocument document(text,
                                {.deepest = kDeepestJson, .comments = true, .title = "the action"});
    ActionReader reader(document, "", 0, Variables());
    return reader.ReadOne(JsonNode(document));
  } catch (const JsonError& error) {
    return libcontainerd::Fail(Refusal(name, error));
  }
}

}  // namespace scenarios
