// write_samples DIR: the reports of the sample results as DIR/sample, DIR/big (10 000 entries) and
// DIR/huge (100 000), for the tests that other programs make of them.

#include <array>
#include <iostream>
#include <span>
#include <string>

#include "scenarios/reports/scenario_report.h"
#include "tests/scenarios/reports/sample_results.h"

namespace scenarios::testing {
namespace {

libcontainerd::Status Write(const std::string& path, std::span<const ScenarioResult> results) {
  auto directory = OutputDirectory::Begin(path);
  if (!directory) return libcontainerd::Fail(directory.error());
  libcontainerd::Status status = WriteScenarioReports(**directory, results, SampleRun());
  if (status) status = (*directory)->Commit();
  return status;
}

libcontainerd::Status WriteAll(const std::string& path) {
  libcontainerd::Status status = Write(path + "/sample", SampleResults());
  if (status) status = Write(path + "/big", std::array{BigResult(10'000)});
  if (status) status = Write(path + "/huge", std::array{BigResult(100'000)});
  return status;
}

}  // namespace
}  // namespace scenarios::testing

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: write_samples DIR\n";
    return 2;
  }
  const auto status = scenarios::testing::WriteAll(argv[1]);
  if (!status) std::cerr << status.error().message << '\n';
  return status ? 0 : 1;
}
