#include "scenarios/cli/completion_command.h"

#include <iostream>
#include <memory>
#include <span>

#include <CLI/CLI.hpp>

#include "scenarios/cli/exit_code.h"
#include "scenarios/cli/shell_quoted.h"
#include "scenarios/joined.h"

namespace scenarios {
namespace {

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

std::string FishQuoted(const std::string& text) {
  return "'" + Replaced(Replaced(text, "\\", "\\\\"), "'", "\\'") + "'";
}

// Up to the first sentence's end, in one line.
std::string Short(const std::string& description) {
  const std::size_t end = description.find_first_of(":;\n");
  return description.substr(0, end);
}

std::vector<std::string> CommandNames(const AppWords& words) {
  std::vector<std::string> names;
  for (const CommandWords& command : words.commands) names.push_back(command.name);
  return names;
}

std::vector<std::string> OptionNames(const CommandWords& command) {
  std::vector<std::string> names;
  for (const OptionWords& option : command.options) {
    names.insert(names.end(), option.names.begin(), option.names.end());
  }
  return names;
}

constexpr const char* kScenarioNames = "$(drydock list --names 2>/dev/null)";

// --- bash ---------------------------------------------------------------------------------------

std::string BashCandidates(const OptionWords& option) {
  switch (option.takes) {
    case Takes::kWord:
      return "compgen -W " + ShellQuoted(Joined(option.words, " ")) + " -- \"$current\"";
    case Takes::kFile:
      return "compgen -f -- \"$current\"";
    case Takes::kScenario:
      return std::string("compgen -W \"") + kScenarioNames +
             "\" -- \"$current\"; compgen -f -- \"$current\"";
    case Takes::kDirectory:
      return "compgen -d -- \"$current\"";
    default:
      return "";
  }
}

std::string BashValues(const CommandWords& command) {
  std::string text;
  for (const OptionWords& option : command.options) {
    if (option.takes == Takes::kNothing) continue;
    std::vector<std::string> patterns;
    for (const std::string& name : option.names) patterns.push_back(command.name + "/" + name);
    const std::string candidates = BashCandidates(option);
    text += "    " + Joined(patterns, "|") + ") ";
    if (!candidates.empty()) text += "mapfile -t COMPREPLY < <(" + candidates + "); ";
    text += "return ;;\n";
  }
  return text;
}

std::string BashWords(const CommandWords& command) {
  std::string text =
      "    " + command.name + ") words=" + ShellQuoted(Joined(OptionNames(command), " "));
  const std::string candidates =
      command.arguments.empty() ? "" : BashCandidates(command.arguments.front());
  if (!candidates.empty()) {
    text +=
        "\n      [[ $current == -* ]] || { mapfile -t COMPREPLY < <(" + candidates + "); return; }";
  }
  return text + " ;;\n";
}

// --- zsh ----------------------------------------------------------------------------------------

std::string ZshText(const std::string& text) {
  return Replaced(Replaced(Replaced(text, "[", "\\["), "]", "\\]"), ":", "\\:");
}

std::string ZshAction(const OptionWords& option) {
  const std::string message = ZshText(option.argument.empty() ? "value" : option.argument);
  switch (option.takes) {
    case Takes::kWord:
      return ":" + message + ":(" + Joined(option.words, " ") + ")";
    case Takes::kFile:
      return ":" + message + ":_files";
    case Takes::kScenario:
      return ":" + message + ":{_alternative \"scenarios:scenario:(" + kScenarioNames +
             ")\" \"files:file:_files\"}";
    case Takes::kDirectory:
      return ":" + message + ":_files -/";
    case Takes::kText:
      return ":" + message + ": ";
    case Takes::kNothing:
      break;
  }
  return "";
}

std::string ZshArguments(const CommandWords& command) {
  std::string text = "        _arguments";
  for (const OptionWords& option : command.options) {
    for (const std::string& name : option.names) {
      text += " \\\n          " + ShellQuoted(name + "[" + ZshText(Short(option.description)) +
                                              "]" + ZshAction(option));
    }
  }
  for (const OptionWords& argument : command.arguments) {
    text += " \\\n          " + ShellQuoted((argument.many ? "*" : "") + ZshAction(argument));
  }
  return text + "\n";
}

// --- fish ---------------------------------------------------------------------------------------

std::string FishOption(const std::string& condition, const OptionWords& option) {
  std::string text = "complete -c drydock -n " + FishQuoted(condition);
  for (const std::string& name : option.names) {
    text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  if (option.takes != Takes::kNothing) text += " -r";
  if (option.takes == Takes::kWord) text += " -f -a " + FishQuoted(Joined(option.words, " "));
  if (option.takes == Takes::kText) text += " -f";
  if (option.takes == Takes::kFile) text += " -F";
  if (option.takes == Takes::kScenario) text += " -F -a '(drydock list --names 2>/dev/null)'";
  if (option.takes == Takes::kDirectory) text += " -f -a '(__fish_complete_directories)'";
  return text + " -d " + FishQuoted(Short(option.description)) + "\n";
}

std::string FishArgument(const std::string& condition, const OptionWords& argument) {
  const std::string begin = "complete -c drydock -n " + FishQuoted(condition);
  switch (argument.takes) {
    case Takes::kWord:
      return begin + " -f -a " + FishQuoted(Joined(argument.words, " ")) + "\n";
    case Takes::kFile:
      return begin + " -F\n";
    case Takes::kScenario:
      return begin + " -F -a '(drydock list --names 2>/dev/null)'\n";
    case Takes::kDirectory:
      return begin + " -f -a '(__fish_complete_directories)'\n";
    default:
      return "";
  }
}

}  // namespace

std::string BashCompletion(const AppWords& words) {
  std::string text =
      "# bash completion of drydock: eval \"$(drydock completion bash)\"\n"
      "_drydock() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
      "  local command= words= i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case ${COMP_WORDS[i]} in\n"
      "      -*) ;;\n"
      "      *) command=${COMP_WORDS[i]}; break ;;\n"
      "    esac\n"
      "  done\n"
      "  COMPREPLY=()\n"
      "  case $command/$before in\n";
  for (const CommandWords& command : words.commands) text += BashValues(command);
  text += "  esac\n  case $command in\n    '') words=" +
          ShellQuoted(Joined(CommandNames(words), " ") + " " +
                      Joined(OptionNames(words.program), " ")) +
          " ;;\n";
  for (const CommandWords& command : words.commands) text += BashWords(command);
  return text +
         "  esac\n"
         "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
         "}\n"
         "complete -o filenames -F _drydock drydock\n";
}

std::string ZshCompletion(const AppWords& words) {
  std::string text =
      "#compdef drydock\n"
      "# zsh completion of drydock: eval \"$(drydock completion zsh)\", or as _drydock in $fpath\n"
      "_drydock() {\n"
      "  local line state\n"
      "  _arguments -C";
  for (const OptionWords& option : words.program.options) {
    for (const std::string& name : option.names) {
      text += " \\\n    " + ShellQuoted(name + "[" + ZshText(Short(option.description)) + "]");
    }
  }
  text +=
      " \\\n    '1: :->command' \\\n    '*::argument:->argument'\n"
      "  case $state in\n"
      "    command)\n"
      "      local -a commands=(\n";
  for (const CommandWords& command : words.commands) {
    text +=
        "        " + ShellQuoted(command.name + ":" + ZshText(Short(command.description))) + "\n";
  }
  text +=
      "      )\n"
      "      _describe command commands ;;\n"
      "    argument)\n"
      "      case $line[1] in\n";
  for (const CommandWords& command : words.commands) {
    text += "      " + command.name + ")\n" + ZshArguments(command) + "        ;;\n";
  }
  return text +
         "      esac ;;\n"
         "  esac\n"
         "}\n"
         "if [[ $funcstack[1] == _drydock ]]; then _drydock \"$@\"; else compdef _drydock drydock; "
         "fi\n";
}

std::string FishCompletion(const AppWords& words) {
  std::string text =
      "# fish completion of drydock: drydock completion fish | source\n"
      "complete -c drydock -f\n";
  for (const OptionWords& option : words.program.options) {
    text += FishOption("__fish_use_subcommand", option);
  }
  for (const CommandWords& command : words.commands) {
    text += "complete -c drydock -n '__fish_use_subcommand' -a " + command.name + " -d " +
            FishQuoted(Short(command.description)) + "\n";
    const std::string condition = "__fish_seen_subcommand_from " + command.name;
    for (const OptionWords& option : command.options) text += FishOption(condition, option);
    for (const OptionWords& argument : command.arguments) text += FishArgument(condition, argument);
  }
  return text;
}

void AddCompletionCommand(CLI::App& app, int& exit_code) {
  const auto shell = std::make_shared<std::string>();
  CLI::App* completion = app.add_subcommand(
      "completion",
      "Print a script that completes commands and options in a shell: eval \"$(drydock "
      "completion bash)\"");
  completion->add_option("SHELL", *shell, "whose script")
      ->required()
      ->check(CLI::IsMember({"bash", "fish", "zsh"}));
  completion->callback([shell, &app, &exit_code] {
    const AppWords words = WordsOf(app);
    std::cout << (*shell == "bash"  ? BashCompletion(words)
                  : *shell == "zsh" ? ZshCompletion(words)
                                    : FishCompletion(words));
    exit_code = kExitHeld;
  });
}

}  // namespace scenarios
