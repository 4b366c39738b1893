// Reads a recording (recording.h) from its files and checks it, line by line.
//
// Errors: INVALID_ARGUMENT with the first problem, as "FILE:LINE: what is wrong, expected what"
// ("FILE: …" for one of a whole file). Nothing is guessed and nothing repaired; fields that nobody
// knows are ignored, but for those of requests, which would be lost in a replay.
#pragma once

#include <optional>
#include <string>

#include "libcontainerd/error.h"
#include "scenarios/recording.h"

namespace scenarios {

// The files' contents, and their names for messages.
struct RecordingTexts {
  std::string wire_file;
  std::string wire;
  std::string client_file;
  std::string client;
  std::string hints_file;
  std::optional<std::string> hints;  // absent: there is no such file
};

libcontainerd::Result<Recording> ParseRecording(const RecordingTexts& texts);

// `path` is that of either file, NAME.jsonl or NAME.client.jsonl; the other one and the hints lie
// beside it.
libcontainerd::Result<Recording> ReadRecording(const std::string& path);

}  // namespace scenarios
