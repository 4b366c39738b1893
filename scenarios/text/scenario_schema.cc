// ScenarioSchema: the same descriptions of fields that reading uses, as JSON Schema.

#include <nlohmann/json.hpp>

#include "scenarios/scenario_text.h"
#include "scenarios/text/field_rules.h"
#include "scenarios/text/words.h"

namespace scenarios {
namespace {

using Json = nlohmann::ordered_json;

Json Ref(const std::string& name) {
  return {{"$ref", "#/$defs/" + name}};
}

// Whatever is no text may be one variable.
Json OrVariable(Json schema) {
  return {{"anyOf", {std::move(schema), Ref("variable")}}};
}

template <class T>
Json NumberSchema() {
  return OrVariable({{"type", "integer"},
                     {"minimum", std::numeric_limits<T>::min()},
                     {"maximum", std::numeric_limits<T>::max()}});
}

template <class T>
struct SchemaOf {
  static Json Make() { return Ref("text"); }
};
template <>
struct SchemaOf<bool> {
  static Json Make() { return OrVariable({{"type", "boolean"}}); }
};
template <>
struct SchemaOf<std::uint32_t> {
  static Json Make() { return NumberSchema<std::uint32_t>(); }
};
template <>
struct SchemaOf<std::uint64_t> {
  static Json Make() { return NumberSchema<std::uint64_t>(); }
};
template <>
struct SchemaOf<std::int64_t> {
  static Json Make() { return NumberSchema<std::int64_t>(); }
};
template <>
struct SchemaOf<Duration> {
  static Json Make() { return Ref("duration"); }
};
template <>
struct SchemaOf<JsonText> {
  static Json Make() { return Json::object(); }
};
template <class T>
struct SchemaOf<std::vector<T>> {
  static Json Make() { return OrVariable({{"type", "array"}, {"items", SchemaOf<T>::Make()}}); }
};
template <class T>
struct SchemaOf<std::map<std::string, T>> {
  static Json Make() {
    return OrVariable({{"type", "object"}, {"additionalProperties", SchemaOf<T>::Make()}});
  }
};
template <class T>
struct SchemaOf<std::optional<T>> {
  static Json Make() { return SchemaOf<T>::Make(); }
};

Json WordSchema(const Words& words) {
  return {{"anyOf", {{{"enum", words}}, Ref("with_variable")}}};
}

// What the field's rule adds to its type.
void AddRule(Json& schema, const FieldRule& rule) {
  if (rule.words != nullptr) {
    const Words& words = rule.words();
    if (rule.on == FieldRule::On::kValue) schema = WordSchema(words);
    if (rule.on == FieldRule::On::kItems) schema["anyOf"][0]["items"] = WordSchema(words);
    if (rule.on == FieldRule::On::kNames) {
      schema["anyOf"][0]["propertyNames"] = WordSchema(words);
    }
  }
  if (rule.lowest) schema["anyOf"][0]["minimum"] = *rule.lowest;
  if (rule.highest) schema["anyOf"][0]["maximum"] = *rule.highest;
}

template <class T>
Json FieldsSchema(std::string_view owner) {
  Json properties = Json::object();
  Json required = Json::array();
  const T initial{};
  const auto add = [&]<class Member>(const FieldInfo& info, const Member&) {
    Json schema = SchemaOf<Member>::Make();
    if (const FieldRule* rule = FindFieldRule(owner, info.name)) AddRule(schema, *rule);
    schema["description"] = info.doc;
    properties[info.name] = std::move(schema);
    if (info.required) required.push_back(info.name);
  };
  T::Fields(initial, add);
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"required", std::move(required)},
          {"additionalProperties", false}};
}

Json List(Json items) {
  return {{"type", "array"}, {"items", std::move(items)}};
}

Json Closed(Json properties, Json required) {
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"required", std::move(required)},
          {"additionalProperties", false}};
}

Json Groups() {
  const Json actions = {{"type", "array"}, {"items", Ref("action")}, {"minItems", 1}};
  const Json branches = {{"type", "array"}, {"items", Ref("actions")}, {"minItems", 1}};
  const Json counts = OrVariable({{"type", "integer"}, {"minimum", 0}, {"maximum", kMostActions}});
  const Json values = OrVariable({{"type", "array"}});
  const Json as = Ref("name");
  return Json::array({
      Closed({{"repeat", counts}, {"as", as}, {"actions", actions}}, {"repeat", "actions"}),
      Closed({{"for_each", values}, {"as", as}, {"actions", actions}},
             {"for_each", "as", "actions"}),
      Closed({{"one_of", branches}}, Json::array({"one_of"})),
      Closed({{"parallel", branches}}, Json::array({"parallel"})),
      Closed({{"at", Ref("duration")}, {"actions", actions}}, {"at", "actions"}),
      Closed({{"after", Ref("duration")}, {"actions", actions}}, {"after", "actions"}),
      Closed({{"when", Ref("condition")}, {"actions", actions}}, {"when", "actions"}),
  });
}

Json Definitions() {
  Json defs = Json::object();
  defs["variable"] = {{"type", "string"}, {"pattern", "^\\$\\{[^}]*\\}$"}};
  defs["with_variable"] = {{"type", "string"}, {"pattern", "\\$\\{[^}]*\\}"}};
  defs["name"] = {{"type", "string"}, {"pattern", "^[A-Za-z_][A-Za-z0-9_]*$"}};
  defs["text"] = {{"anyOf",
                   {{{"type", "string"}},
                    Closed({{"hex", {{"type", "string"}, {"pattern", "^([0-9a-f][0-9a-f])*$"}}}},
                           Json::array({"hex"}))}}};
  defs["duration"] = {{"type", "string"},
                      {"description", "as Go writes it: 1.5s, 2m, 300ms"},
                      {"pattern", "^([0-9.]+(ns|us|µs|μs|ms|s|m|h))+$|^\\+?0$|\\$\\{[^}]*\\}"}};
  defs["actions"] = List(Ref("action"));
  Json condition = FieldsSchema<action::Condition>("wait");
  Json one_thing = Json::array();
  for (const char* thing : {"callback", "rpc", "event", "held", "fired", "call", "output"}) {
    one_thing.push_back({{"required", Json::array({thing})}});
  }
  condition["oneOf"] = one_thing;
  defs["condition"] = condition;
  Json words = Json::array();
  Json any = Json::array();
  ForEachActionType([&]<class T>(const T&) {
    const std::string word(T::kWord);
    Json schema = FieldsSchema<T>(word);
    if constexpr (std::is_same_v<T, action::WaitFor>) schema["oneOf"] = one_thing;
    Json properties = {{"do", {{"const", word}}}};
    properties.update(schema["properties"]);
    schema["properties"] = std::move(properties);
    schema["required"].insert(schema["required"].begin(), "do");
    defs["do-" + word] = std::move(schema);
    any.push_back(Ref("do-" + word));
    words.push_back(word);
  });
  for (Json& group : Groups()) any.push_back(std::move(group));
  defs["action"] = {
      {"type", "object"}, {"properties", {{"do", {{"enum", words}}}}}, {"anyOf", std::move(any)}};
  return defs;
}

}  // namespace

std::string ScenarioSchema() {
  Json schema = Json::object();
  schema["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  schema["title"] = "A scenario of Drydock";
  schema["description"] = "docs/scenarios.md is the manual.";
  Json properties = Json::object();
  properties["$schema"] = {{"type", "string"}};
  properties["intent"] = Ref("text");
  properties["intent"]["description"] = "what it shows, in one sentence";
  properties["tags"] = List(Ref("text"));
  properties["variables"] = {{"type", "object"}, {"propertyNames", Ref("name")}};
  properties["setup"] = FieldsSchema<Setup>("setup");
  properties["actions"] = Ref("actions");
  properties["guarantees"] = FieldsSchema<Verdicts>("guarantees");
  properties["failure"] = FieldsSchema<Failure>("failure");
  schema.update(Closed(std::move(properties), Json::array({"actions"})));
  schema["$defs"] = Definitions();
  return schema.dump(2) + "\n";
}

}  // namespace scenarios
