#include "scenarios/cli/man_command.h"

#include <iostream>
#include <sstream>

#include <CLI/CLI.hpp>

#include "scenarios/cli/exit_code.h"
#include "scenarios/reports/versions.h"

namespace scenarios {
namespace {

constexpr std::size_t kLongestLine = 78;

constexpr std::string_view kDescription =
    "Drydock runs the libcontainerd client of 2016's container engines against a\n"
    "containerd that is simulated, writes down everything that happens in one\n"
    "order, and judges from that what the engine was owed.\n"
    "The same seed is the same schedule.\n";

constexpr std::string_view kExitStatus =
    ".TP\n.B 0\nAll held.\n"
    ".TP\n.B 1\nSomething was broken.\n"
    ".TP\n.B 2\nWrong usage, or bad input.\n"
    ".TP\n.B 3\nIt could not be judged: the world could not be set up, a time\\-out passed,\n"
    "or results could not be written.\n";

constexpr std::string_view kFiles =
    ".TP\n.I report.html\nThe report for people: one file, which needs no network.\n"
    ".TP\n.I report.json\nThe same for programs.\n"
    ".TP\n.I junit.xml\nFor CI systems.\n"
    ".TP\n.I trace.json\nFor ui.perfetto.dev and chrome://tracing.\n"
    ".TP\n.IR NAME .journal.jsonl\nWhat happened in one scenario, in one order.\n";

constexpr std::string_view kExamples =
    ".TP\nReplay recorded traces, and see what became of them:\n"
    ".EX\ndrydock replay scenarios/traces --out out\n"
    "drydock report out\n.EE\n"
    ".TP\nWhat happened around a failure:\n"
    ".EX\ndrydock explain out/oom_init.journal.jsonl\n.EE\n"
    ".TP\nWhether kept journals still hold:\n"
    ".EX\ndrydock recheck out\n.EE\n";

// As it is to be seen: hyphens that can be searched for.
std::string Escaped(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\') {
      escaped += "\\e";
    } else if (c == '-') {
      escaped += "\\-";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

// Lines of at most kLongestLine, none of which is taken for a control line.
std::string Wrapped(const std::string& text) {
  std::istringstream words(text);
  std::string lines;
  std::string line;
  for (std::string word; words >> word;) {
    if (!line.empty() && line.size() + 1 + word.size() > kLongestLine) {
      lines += line + "\n";
      line.clear();
    }
    if (line.empty() && (word.front() == '.' || word.front() == '\'')) word.insert(0, "\\&");
    line += (line.empty() ? "" : " ") + word;
  }
  return lines + line + "\n";
}

// A sentence, whatever the description is.
std::string Sentence(const std::string& text) {
  return Wrapped(Escaped(text) + (text.ends_with('.') ? "" : "."));
}

std::string OptionHead(const OptionWords& option) {
  std::string head;
  for (const std::string& name : option.names) {
    head += (head.empty() ? "\\fB" : ", \\fB") + Escaped(name) + "\\fR";
  }
  if (option.names.empty()) {
    head = "\\fI" + Escaped(option.argument) + "\\fR" + (option.many ? "..." : "");
  } else if (option.takes != Takes::kNothing) {
    head += " \\fI" + Escaped(option.argument) + "\\fR";
  }
  return head;
}

std::string OptionText(const OptionWords& option) {
  std::string text = ".TP\n" + OptionHead(option) + "\n" + Sentence(option.description);
  if (!option.words.empty()) {
    std::string words = "One of";
    for (const std::string& word : option.words) {
      words += (&word == &option.words.front() ? " " : ", ") + word;
    }
    text += Sentence(words);
  }
  if (!option.fallback.empty()) text += Sentence("Default: " + option.fallback);
  return text;
}

std::string CommandText(const CommandWords& command) {
  std::string text =
      ".SS \"drydock " + Escaped(command.name) + "\"\n" + Sentence(command.description);
  for (const OptionWords& argument : command.arguments) text += OptionText(argument);
  for (const OptionWords& option : command.options) {
    // Every command has it.
    if (option.names.front() != "--help") text += OptionText(option);
  }
  return text;
}

}  // namespace

std::string ManPage(const AppWords& words) {
  std::string text = ".\\\" Made by drydock man.\n.TH DRYDOCK 1 " + std::string(ReleaseDate()) +
                     " \"drydock " + std::string(DrydockVersion()) + "\" \"User Commands\"\n";
  text += ".SH NAME\ndrydock \\- simulation and test fixtures for container engines\n";
  text += ".SH SYNOPSIS\n.B drydock\n.I COMMAND\n[\\fIOPTION\\fR...] [\\fIARGUMENT\\fR...]\n";
  text += ".SH DESCRIPTION\n" + std::string(kDescription);
  text += ".SH OPTIONS\n";
  for (const OptionWords& option : words.program.options) text += OptionText(option);
  text += ".SH COMMANDS\n";
  for (const CommandWords& command : words.commands) text += CommandText(command);
  text += ".SH \"EXIT STATUS\"\n" + std::string(kExitStatus);
  text += ".SH FILES\nIn a directory of results:\n" + std::string(kFiles);
  text += ".SH EXAMPLES\n" + std::string(kExamples);
  return text;
}

void AddManCommand(CLI::App& app, int& exit_code) {
  CLI::App* man = app.add_subcommand("man", "Print the man page")->group("");
  man->callback([&app, &exit_code] {
    std::cout << ManPage(WordsOf(app));
    exit_code = kExitHeld;
  });
}

}  // namespace scenarios
