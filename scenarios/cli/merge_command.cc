#include "scenarios/cli/merge_command.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>

#include <CLI/CLI.hpp>

#include "scenarios/cli/exit_code.h"
#include "scenarios/reports/merge.h"
#include "scenarios/reports/output_directory.h"
#include "scenarios/reports/scenario_report.h"

namespace scenarios {

namespace fs = std::filesystem;
using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::Result;
using libcontainerd::Status;

namespace {

using Files = std::map<std::string, std::string>;

// Scenarios that a run wrote beside its report: their seeds make their names different.
Status ReadScenarios(const std::string& directory, Files& files) {
  for (const auto& entry : fs::directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(".json") || name == "report.json" || name == "trace.json") continue;
    std::ifstream in(entry.path(), std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    const auto [there, added] = files.emplace(name, text.str());
    if (!added && there->second != text.str()) {
      return Fail(ErrorCode::kInvalidArgument,
                  directory + "/" + name + ": another shard has another file of that name");
    }
  }
  return {};
}

Result<MergedReport> Merge(const std::vector<std::string>& directories, Files& files) {
  std::vector<ShardReport> shards;
  for (const std::string& directory : directories) {
    auto report = LoadReport(directory);
    if (!report) return Fail(report.error());
    shards.push_back({directory, std::move(*report)});
    if (Status read = ReadScenarios(directory, files); !read) return Fail(read.error());
  }
  return MergeReports(std::move(shards));
}

Status Write(const std::string& directory, const Report& report, const Files& files) {
  auto output = OutputDirectory::Begin(directory);
  if (!output) return Fail(output.error());
  Status written = WriteReport(**output, report);
  for (const auto& [name, text] : files) {
    if (written) written = (*output)->Write(name, text);
  }
  if (written) written = (*output)->Commit();
  return written;
}

}  // namespace

int RunMergeCommand(const MergeCommand& command, std::ostream& out, std::ostream& err) {
  Files files;
  const auto merged = Merge(command.directories, files);
  if (!merged) {
    err << "drydock: " << merged.error().message << '\n';
    return kExitUsage;
  }
  if (auto written = Write(command.report_dir, merged->report, files); !written) {
    err << "drydock: " << written.error().message << '\n';
    return kExitCannotJudge;
  }
  for (const ScenarioVerdict verdict : kScenarioVerdicts) {
    out << (verdict == kScenarioVerdicts[0] ? "" : ", ") << CountVerdicts(merged->report, verdict)
        << ' ' << ScenarioVerdictName(verdict);
  }
  for (const auto& [name, count] : merged->report.run.explored) out << ", " << count << ' ' << name;
  out << "; report in " << command.report_dir << "/report.html\n";
  for (const std::uint32_t shard : merged->missing)
    err << "drydock: shard " << shard << " is missing\n";
  if (CountVerdicts(merged->report, ScenarioVerdict::kFailed) > 0) return kExitBroken;
  const bool whole =
      merged->missing.empty() && CountVerdicts(merged->report, ScenarioVerdict::kCannotJudge) == 0;
  return whole ? kExitHeld : kExitCannotJudge;
}

void AddMergeCommand(CLI::App& app, int& exit_code) {
  const auto command = std::make_shared<MergeCommand>();
  CLI::App* merge = app.add_subcommand("merge", "Join the reports of the shards of one run");
  merge->add_option("DIR", command->directories, "with the report.json of one shard each")
      ->required()
      ->type_name("DIR");
  merge
      ->add_option("--report-dir", command->report_dir,
                   "directory of the joined report, replaced when it is complete")
      ->type_name("DIR")
      ->capture_default_str();
  merge->callback(
      [command, &exit_code] { exit_code = RunMergeCommand(*command, std::cout, std::cerr); });
}

}  // namespace scenarios
