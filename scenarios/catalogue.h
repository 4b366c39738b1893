// Catalogue: the scenarios that come with Drydock, which the program carries in itself, and those
// that somebody names by file or directory.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libcontainerd/error.h"
#include "scenarios/scenario_text.h"

namespace scenarios {

// One file of scenarios/library or scenarios/museum as it was when the program was built.
struct CarriedFile {
  std::string_view path;  // "scenarios/library/lost-pause.json"
  std::string_view text;
};
std::span<const CarriedFile> CarriedFiles();  // sorted by path

struct NamedScenario {
  std::string file{};  // its path, or that of the carried file
  bool carried = false;
  Scenario scenario{};
};

// The library, or the museum, in the order of their names. A carried file that cannot be read is a
// defect of the build: INTERNAL.
libcontainerd::Result<std::vector<NamedScenario>> Library(const ParseOptions& options = {});
libcontainerd::Result<std::vector<NamedScenario>> Museum(const ParseOptions& options = {});

// What the words mean, each once, in their order: a file; a directory, with all *.json below it but
// what runs have left there (directories with a report.json); or
// the name of a carried scenario ("lost-pause", "B31"). None: the library. NOT_FOUND suggests the
// nearest name; INVALID_ARGUMENT has file and place.
libcontainerd::Result<std::vector<NamedScenario>> FindScenarios(
    const std::vector<std::string>& words, const ParseOptions& options = {});

// The museum's entry that breaks most of these guarantees when it is shown: "B31 exec-carries-oom".
// "" if none does.
std::string Resembling(std::span<const NamedScenario> museum,
                       const std::vector<std::string>& broken);

}  // namespace scenarios
