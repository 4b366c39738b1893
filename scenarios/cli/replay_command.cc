#include "scenarios/cli/replay_command.h"

#include <algorithm>
#include <charconv>
#include <iostream>
#include <memory>
#include <sstream>

#include <CLI/CLI.hpp>

#include "scenarios/cli/exit_code.h"
#include "scenarios/cli/traces.h"
#include "scenarios/reports/chrome_trace.h"
#include "scenarios/reports/html_report.h"
#include "scenarios/reports/output_directory.h"
#include "scenarios/reports/replay_report.h"

namespace scenarios {

using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::Result;

namespace {

libcontainerd::Status WriteResults(OutputDirectory& directory,
                                   const std::vector<TraceResult>& results,
                                   const ReplayOptions& options) {
  libcontainerd::Status status;
  for (const TraceResult& result : results) {
    if (!result.journal) continue;
    std::ostringstream text;
    WriteJournal(*result.journal, text);
    status = directory.Write(result.name + ".journal.jsonl", text.str());
    if (!status) return status;
  }
  status = directory.Write("junit.xml", ReplayJUnit(results));
  if (status) status = directory.Write("report.json", ReplayJson(results, options));
  const Report report = ReplayReport(results, options);
  if (status) status = directory.Write("trace.json", ChromeTrace(report));
  if (status) status = directory.Write("report.html", HtmlReport(report));
  if (status) status = directory.Commit();
  return status;
}

int ExitCodeOf(const std::vector<TraceResult>& results) {
  const auto any = [&](TraceVerdict verdict) {
    return std::any_of(results.begin(), results.end(),
                       [verdict](const TraceResult& result) { return result.verdict == verdict; });
  };
  if (any(TraceVerdict::kBroken)) return kExitBroken;
  return any(TraceVerdict::kCannotJudge) ? kExitCannotJudge : kExitHeld;
}

Result<ReplayOptions> OptionsOf(const ReplayCommand& command) {
  ReplayOptions options;
  auto transport = ParseTransport(command.transport);
  if (!transport) return Fail(transport.error());
  auto speed = ParseSpeed(command.speed);
  if (!speed) return Fail(speed.error());
  options.transport = *transport;
  options.speed = *speed;
  options.seed = command.seed;
  return options;
}

}  // namespace

Result<double> ParseSpeed(const std::string& text) {
  if (text == "max") return 0.0;
  double factor = 0;
  const char* end = text.data() + text.size() - (text.ends_with('x') ? 1 : 0);
  const auto [stopped, error] = std::from_chars(text.data(), end, factor);
  const bool whole = error == std::errc() && stopped == end && text.ends_with('x');
  if (!whole || !(factor > 0) || factor > 1e6) {
    return Fail(ErrorCode::kInvalidArgument,
                "speed \"" + text + "\": expected max, or a factor such as 1x or 10x");
  }
  return factor;
}

int RunReplayCommand(const ReplayCommand& command, std::ostream& out, std::ostream& err) {
  const auto usage = [&](const libcontainerd::Error& error) {
    err << "drydock: " << error.message << '\n';
    return static_cast<int>(kExitUsage);
  };
  auto options = OptionsOf(command);
  if (!options) return usage(options.error());
  auto recordings = ReadTraces(command.files);
  if (!recordings) return usage(recordings.error());
  auto directory = OutputDirectory::Begin(command.out);
  if (!directory) return usage(directory.error());

  out << "replay of " << recordings->size() << " traces, transport " << command.transport
      << ", seed " << command.seed << ", speed " << command.speed << "\n\n"
      << ReplayTableHeader() << std::endl;
  std::vector<TraceResult> results;
  for (const NamedRecording& named : *recordings) {
    results.push_back(ReplayTrace(named.name, named.recording, *options));
    out << ReplayTableLine(results.back()) << '\n'
        << ReplayComplaints(results.back()) << ReplayPendingList(results.back()) << std::flush;
  }
  out << ReplayTableSum(results) << '\n';
  if (auto written = WriteResults(**directory, results, *options); !written) {
    err << "drydock: " << written.error().message << '\n';
    return kExitCannotJudge;
  }
  out << "results in " << command.out << "/; the report: " << command.out << "/report.html\n";
  return ExitCodeOf(results);
}

void AddReplayCommand(CLI::App& app, int& exit_code) {
  const auto command = std::make_shared<ReplayCommand>();
  CLI::App* replay = app.add_subcommand(
      "replay", "Replay recorded traces through the real client and judge what it does");
  replay
      ->add_option("FILE", command->files,
                   "traces (NAME.jsonl, with NAME.client.jsonl beside it) or directories")
      ->required();
  replay->add_option("--speed", command->speed, "max, or a factor of the recorded pace: 1x, 10x")
      ->type_name("SPEED")
      ->capture_default_str();
  replay->add_option("--transport", command->transport, "between client and daemon")
      ->type_name("TRANSPORT:{inprocess,loopback,socket}")
      ->capture_default_str();
  replay->add_option("--seed", command->seed, "orders what is ready together (loopback)")
      ->type_name("SEED")
      ->capture_default_str();
  replay
      ->add_option("--out", command->out,
                   "directory of the results, replaced when they are complete")
      ->type_name("DIR")
      ->capture_default_str();
  replay->callback(
      [command, &exit_code] { exit_code = RunReplayCommand(*command, std::cout, std::cerr); });
}

}  // namespace scenarios
