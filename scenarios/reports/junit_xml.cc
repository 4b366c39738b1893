#include "scenarios/reports/junit_xml.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <sstream>
#include <string_view>

#include <pugixml.hpp>

#include "scenarios/reports/text_encoding.h"

namespace scenarios {
namespace {

void Set(pugi::xml_node node, const char* name, std::string_view value) {
  node.append_attribute(name) = XmlText(value).c_str();
}

void Set(pugi::xml_node node, const char* name, std::chrono::nanoseconds time) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%.6f", std::chrono::duration<double>(time).count());
  node.append_attribute(name) = text.data();
}

void AddCounts(pugi::xml_node node, const JUnitSuite& suite, bool with_skipped) {
  const auto count = [&](JUnitCase::Outcome outcome) {
    return static_cast<unsigned long long>(std::ranges::count(
        suite.cases, outcome, [](const JUnitCase& test) { return test.outcome; }));
  };
  node.append_attribute("tests") = static_cast<unsigned long long>(suite.cases.size());
  node.append_attribute("failures") = count(JUnitCase::Outcome::kFailed);
  node.append_attribute("errors") = count(JUnitCase::Outcome::kError);
  if (with_skipped) node.append_attribute("skipped") = count(JUnitCase::Outcome::kSkipped);
}

void AddCase(pugi::xml_node suite, const JUnitCase& test) {
  pugi::xml_node node = suite.append_child("testcase");
  Set(node, "classname", test.classname);
  Set(node, "name", test.name);
  Set(node, "time", test.time);
  if (test.outcome == JUnitCase::Outcome::kPassed) return;
  if (test.outcome == JUnitCase::Outcome::kSkipped) {
    Set(node.append_child("skipped"), "message", test.message);
    return;
  }
  const bool failed = test.outcome == JUnitCase::Outcome::kFailed;
  pugi::xml_node why = node.append_child(failed ? "failure" : "error");
  if (!test.type.empty()) Set(why, "type", test.type);
  Set(why, "message", test.message);
  why.text() = XmlText(test.text).c_str();
}

}  // namespace

std::string JUnitXml(const JUnitSuite& suite) {
  pugi::xml_document document;
  pugi::xml_node all = document.append_child("testsuites");
  Set(all, "name", suite.name);
  AddCounts(all, suite, false);
  Set(all, "time", suite.time);
  pugi::xml_node node = all.append_child("testsuite");
  Set(node, "name", suite.name);
  AddCounts(node, suite, true);
  Set(node, "time", suite.time);
  if (!suite.timestamp.empty()) Set(node, "timestamp", suite.timestamp);
  if (!suite.properties.empty()) {
    pugi::xml_node properties = node.append_child("properties");
    for (const auto& [name, value] : suite.properties) {
      pugi::xml_node property = properties.append_child("property");
      Set(property, "name", name);
      Set(property, "value", value);
    }
  }
  for (const JUnitCase& test : suite.cases) AddCase(node, test);
  std::ostringstream text;
  document.save(text, "  ");
  return text.str();
}

}  // namespace scenarios
