// The recordings that a command line names.
#pragma once

#include <string>
#include <vector>

#include "scenarios/recording.h"

namespace scenarios {

struct NamedRecording {
  std::string name;  // of the file, without ".jsonl"; two of one name get numbers
  Recording recording;
};

// Wire files, each once, in the order given; a companion NAME.client.jsonl is skipped, a directory
// stands for its own, sorted. All are read before anything is done with one: a broken one spoils
// nothing.
libcontainerd::Result<std::vector<NamedRecording>> ReadTraces(
    const std::vector<std::string>& given);

}  // namespace scenarios
