#include "scenarios/museum.h"

#include <algorithm>
#include <sstream>

#include "scenarios/joined.h"

namespace scenarios {

namespace {

std::string Code(const std::vector<std::string>& names) {
  std::vector<std::string> quoted;
  for (const std::string& name : names) quoted.push_back("`" + name + "`");
  return Joined(quoted, ", ");
}

constexpr const char* kIntroduction =
    R"(# The museum

Failures that real users met, each as a scenario that passes on ours (`drydock museum`). Run as the reference behaves
(`drydock museum --reference`), each breaks the guarantee that stands beside it; where the reference behaves as asked, a mutant
does it instead (*guard*).

* `drydock museum --list` has them in one line each, `drydock museum --run B31` runs one in both ways and tells both stories.
* *shown by* names the deviations that are switched off ([deviations.md](deviations.md)) or the mutants that are planted
  ([mutants.md](mutants.md)); where nothing stands there, the scenario's own faults of the daemon show it.

This page is generated from `scenarios/museum/`.

| entry | what users met | sources | what the reference does | what we do | shown by | breaks |
|---|---|---|---|---|---|---|
)";

}  // namespace

RunOptions AsReference(const Failure& failure, RunOptions options) {
  options.deviations_off.insert(options.deviations_off.end(), failure.deviations_off.begin(),
                                failure.deviations_off.end());
  options.mutants.insert(options.mutants.end(), failure.mutants.begin(), failure.mutants.end());
  return options;
}

std::vector<std::string> NotBroken(const Failure& failure, const ScenarioResult& reference) {
  std::vector<std::string> missing;
  for (const std::string& name : failure.breaks) {
    const bool broken =
        name == kExpectations
            ? !reference.complaints.empty()
            : std::ranges::any_of(reference.guarantees, [&](const GuaranteeResult& each) {
                return each.guarantee->name == name && each.judgement.verdict == Verdict::kBroken;
              });
    if (!broken) missing.push_back(name);
  }
  return missing;
}

Exhibit ShowFailure(const Scenario& entry, const RunOptions& options) {
  Exhibit exhibit;
  exhibit.ours = RunScenario(entry, options);
  exhibit.reference = RunScenario(entry, AsReference(*entry.failure, options));
  exhibit.not_broken = NotBroken(*entry.failure, exhibit.reference);
  return exhibit;
}

std::string RenderMuseumDocs(std::span<const NamedScenario> museum) {
  std::ostringstream page;
  page << kIntroduction;
  for (const NamedScenario& entry : museum) {
    if (!entry.scenario.failure) continue;
    const Failure& failure = *entry.scenario.failure;
    std::vector<std::string> shown_by = failure.deviations_off;
    shown_by.insert(shown_by.end(), failure.mutants.begin(), failure.mutants.end());
    page << "| [" << failure.id << "](../" << entry.file << ") | " << failure.what << " | "
         << failure.sources << " | " << (failure.guard ? "*guard*: " : "") << failure.reference
         << " | " << failure.ours << " | " << Code(shown_by) << " | " << Code(failure.breaks)
         << " |\n";
  }
  return page.str();
}

}  // namespace scenarios
