#include "fake_containerd/daemon_options.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include <CLI/CLI.hpp>

#include "fake_containerd/go_duration.h"

namespace fake_containerd {

using libcontainerd::Duration;
using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::Result;

namespace {

constexpr char kVersion[] =
    "containerd version 0.2.3 commit: 837e8c5e1cad013ed57f5c2090c8591c10cbbdae\n"
    "(fake-containerd of Drydock " DRYDOCK_VERSION ")\n";

const std::set<std::string>& ValueFlags() {
  static const std::set<std::string> kFlags = {"listen",
                                               "l",
                                               "state-dir",
                                               "runtime",
                                               "r",
                                               "runtime-args",
                                               "shim",
                                               "start-timeout",
                                               "retain-count",
                                               "metrics-interval",
                                               "pprof-address",
                                               "graphite-address",
                                               "script",
                                               "journal",
                                               "control",
                                               "fault",
                                               "seed",
                                               "hold",
                                               "choices",
                                               "max-containers",
                                               "max-subscribers",
                                               "max-calls",
                                               "max-message-bytes",
                                               "max-request-bytes",
                                               "max-event-bytes"};
  return kFlags;
}

// Go's spellings into the only one that CLI11 reads the same way: --name=value. What is no flag
// stays as it is.
std::vector<std::string> Normalize(const std::vector<std::string>& arguments) {
  std::vector<std::string> normal;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    const std::size_t dashes = std::min<std::size_t>(argument.find_first_not_of('-'), 3);
    if (dashes != 1 && dashes != 2) {
      normal.push_back(argument);
      continue;
    }
    const std::size_t equals = argument.find('=');
    std::string name = argument.substr(dashes, equals - dashes);
    const bool takes_value = ValueFlags().contains(name);
    if (name == "l") name = "listen";
    if (name == "r") name = "runtime";
    std::string flag = (name.size() == 1 ? "-" : "--") + name;
    if (equals != std::string::npos) {
      flag += argument.substr(equals);
    } else if (takes_value && i + 1 < arguments.size()) {
      flag += "=" + arguments[++i];
    }
    normal.push_back(std::move(flag));
  }
  return normal;
}

struct Durations {
  std::string start_timeout = "15s";
  std::string metrics_interval = "5m";
};

void AddFlags(CLI::App& app, DaemonOptions& options, Durations& durations) {
  const CLI::Validator duration(
      [](const std::string& text) {
        return ParseGoDuration(text) ? std::string() : "\"" + text + "\" is no duration (as 2m)";
      },
      "DURATION");
  const CLI::Validator address(
      [](const std::string& text) {
        return text.starts_with(DaemonOptions::kScheme) ? std::string()
                                                        : "\"" + text + "\" is not unix://PATH";
      },
      "ADDRESS");
  const std::string nothing = " (has no meaning here)";
  app.add_option("-l,--listen", options.listen, "where to serve the API")
      ->check(address)
      ->capture_default_str();
  app.add_option("--state-dir", options.state_dir, "directory of the event log")
      ->capture_default_str();
  app.add_option("-r,--runtime", options.runtime,
                 "name or path of the OCI runtime that State tells")
      ->capture_default_str();
  app.add_option("--runtime-args", options.runtime_args,
                 "argument of the runtime, repeatable" + nothing)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--shim", options.shim, "name or path of the shim" + nothing)
      ->capture_default_str();
  app.add_option("--start-timeout", durations.start_timeout,
                 "how long a container may take to start")
      ->check(duration)
      ->capture_default_str();
  app.add_option("--retain-count", options.retain_count,
                 "events kept in the log; 0 or less: all of them")
      ->capture_default_str();
  app.add_option("--metrics-interval", durations.metrics_interval,
                 "pause between metrics, 0: none" + nothing)
      ->check(duration)
      ->capture_default_str();
  app.add_option("--pprof-address", options.pprof_address, "address of Go's profiler" + nothing);
  app.add_option("--graphite-address", options.graphite_address, "address of Graphite" + nothing);
  app.add_flag("--debug", options.debug, "tell on standard error what happens");
}

void AddOwnFlags(CLI::App& app, DaemonOptions& options, std::string& choices) {
  const std::string ours = "Of the fake alone";
  app.add_option("--script", options.script, "JSON file that says what happens and when")
      ->group(ours);
  app.add_option("--journal", options.journal, "file that gets a line for all that happens")
      ->group(ours);
  app.add_option("--fault", options.faults, "plan of faults, repeatable (docs/faults.md)")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->group(ours);
  app.add_option("--hold", options.holds,
                 "point that is held from the start, repeatable (docs/faults.md)")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->group(ours);
  app.add_option("--choices", choices,
                 "how races end: usual, or drawn from the seed at each occasion")
      ->check(CLI::IsMember({"usual", "drawn"}))
      ->capture_default_str()
      ->group(ours);
  app.add_flag("!--no-relay", options.relay,
               "hand connections straight to the server: a little faster, no faults of connections")
      ->group(ours);
  app.add_option("--seed", options.seed, "of the faults' probabilities and of drawn choices")
      ->capture_default_str()
      ->group(ours);
  app.add_option("--control", options.control,
                 "unix socket of the service that drives this daemon (drydock.control.v1)")
      ->group(ours);
  Limits& limits = options.limits;
  const auto limit = [&](const char* flag, std::size_t& value, const char* of_what) {
    app.add_option(flag, value, std::string(of_what) + "; more are RESOURCE_EXHAUSTED")
        ->check(CLI::PositiveNumber)
        ->capture_default_str()
        ->group(ours);
  };
  limit("--max-containers", limits.containers, "containers at a time");
  limit("--max-subscribers", limits.subscribers, "event streams at a time");
  limit("--max-calls", limits.calls, "calls at a time");
  limit("--max-message-bytes", limits.message_bytes, "bytes of a request");
  limit("--max-request-bytes", limits.request_bytes, "bytes of all requests under way");
  limit("--max-event-bytes", limits.event_bytes, "bytes of events that wait to be read");
}

std::string FirstLine(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

}  // namespace

Result<CommandLine> ParseCommandLine(std::vector<std::string> arguments) {
  CommandLine line;
  Durations durations;
  CLI::App app("A containerd 0.2.3 whose containers are simulated", "fake-containerd");
  app.footer(
      "Containers run until they are signalled, and end with this daemon; the next one on the same "
      "state\ndirectory reports them lost (exit 255). SIGTERM and SIGINT end it: exit code 0. Exit "
      "code 1: it could\nnot serve, 2: bad flags, or a fault made it panic.");
  AddFlags(app, line.options, durations);
  std::string choices = "usual";
  AddOwnFlags(app, line.options, choices);
  app.set_version_flag("-v,--version", std::string(kVersion));
  arguments = Normalize(arguments);
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    line.text = app.help();
  } catch (const CLI::CallForVersion&) {
    line.text = kVersion;
  } catch (const CLI::Error& error) {
    return Fail(ErrorCode::kInvalidArgument, FirstLine(error.what()));
  }
  line.options.drawn_choices = choices == "drawn";
  line.options.start_timeout = *ParseGoDuration(durations.start_timeout);
  line.options.metrics_interval = *ParseGoDuration(durations.metrics_interval);
  return line;
}

}  // namespace fake_containerd
