#include "scenarios/recording_reader.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>
#include <system_error>

#include "scenarios/recording_lines.h"

namespace scenarios {
namespace {

using libcontainerd::Fail;
using libcontainerd::Result;
using libcontainerd::Status;
using nlohmann::json;

constexpr std::string_view kClientEnding = ".client.jsonl";
constexpr std::string_view kWireEnding = ".jsonl";
constexpr const char* kTooLarge =
    ": a number is too large, expected numbers of at most double precision";

Result<std::string> ReadFile(const std::string& path) {
  std::error_code problem;
  if (std::filesystem::is_directory(path, problem)) {
    return Fail(ErrorCode::kInvalidArgument, path + ": is a directory, expected a file");
  }
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    const std::error_code reason(errno, std::generic_category());
    return Fail(ErrorCode::kInvalidArgument,
                path + ": cannot be opened (" + reason.message() + "), expected a readable file");
  }
  std::ostringstream text;
  text << in.rdbuf();
  if (in.bad()) {
    return Fail(ErrorCode::kInvalidArgument, path + ": reading failed, expected a readable file");
  }
  return std::move(text).str();
}

bool IsBlank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

// One line to an object.
Result<json> ParseLine(std::string_view line, const std::string& where, bool ended) {
  json value;
  try {
    value = json::parse(line.begin(), line.end());
  } catch (const json::parse_error& error) {
    if (!ended) {
      return Fail(ErrorCode::kInvalidArgument,
                  where + ": the last line is cut short, expected a JSON object and a newline");
    }
    // `byte` counts from 1; at the end of the line it points one past it.
    return Fail(ErrorCode::kInvalidArgument, where + ": broken JSON at column " +
                                                 std::to_string(error.byte) +
                                                 ", expected one JSON object");
  } catch (const json::out_of_range&) {
    return Fail(ErrorCode::kInvalidArgument, where + kTooLarge);
  }
  if (!value.is_object()) {
    return Fail(ErrorCode::kInvalidArgument, where + ": the line is " +
                                                 std::string(JsonTypeWords(value)) +
                                                 ", expected one JSON object");
  }
  return value;
}

template <class Lines>
Status ParseLines(const std::string& file, std::string_view text, Lines lines) {
  bool any = false;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t newline = text.find('\n');
    const bool ended = newline != std::string_view::npos;
    const std::string_view line = text.substr(0, newline);
    text.remove_prefix(ended ? newline + 1 : text.size());
    if (IsBlank(line)) continue;
    any = true;
    Result<json> object = ParseLine(line, file + ":" + std::to_string(number), ended);
    if (!object) return Fail(std::move(object).error());
    if (Status status = lines.Add(*object, number); !status) return status;
  }
  if (!any) {
    return Fail(ErrorCode::kInvalidArgument, file + ": is empty, expected JSON lines");
  }
  return {};
}

Result<RecordingHints> ParseHints(const std::string& file, const std::string& text) {
  json object;
  try {
    object = json::parse(text);
  } catch (const json::parse_error& error) {
    const std::string_view before =
        std::string_view(text).substr(0, error.byte == 0 ? 0 : error.byte - 1);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const std::size_t start = before.rfind('\n');
    const std::size_t column =
        before.size() - (start == std::string_view::npos ? 0 : start + 1) + 1;
    return Fail(ErrorCode::kInvalidArgument,
                file + ":" + std::to_string(line) + ": broken JSON at column " +
                    std::to_string(column) + ", expected one JSON object");
  } catch (const json::out_of_range&) {
    return Fail(ErrorCode::kInvalidArgument, file + kTooLarge);
  }
  if (!object.is_object()) {
    return Fail(ErrorCode::kInvalidArgument, file + ":1: the file is " +
                                                 std::string(JsonTypeWords(object)) +
                                                 ", expected one JSON object");
  }
  return ReadHints(object, file);
}

}  // namespace

Result<Recording> ParseRecording(const RecordingTexts& texts) {
  Recording recording;
  recording.wire_file = texts.wire_file;
  recording.client_file = texts.client_file;
  if (Status status = ParseLines(texts.wire_file, texts.wire, WireLines(recording)); !status) {
    return Fail(std::move(status).error());
  }
  Status status = ParseLines(texts.client_file, texts.client, ClientLines(recording));
  if (!status) return Fail(std::move(status).error());
  if (texts.hints) {
    Result<RecordingHints> hints = ParseHints(texts.hints_file, *texts.hints);
    if (!hints) return Fail(std::move(hints).error());
    recording.hints = std::move(*hints);
  }
  return recording;
}

Result<Recording> ReadRecording(const std::string& path) {
  std::string base = path;
  if (path.ends_with(kClientEnding)) {
    base.resize(path.size() - kClientEnding.size());
  } else if (path.ends_with(kWireEnding)) {
    base.resize(path.size() - kWireEnding.size());
  } else {
    return Fail(ErrorCode::kInvalidArgument,
                path + ": not the name of a recording, expected NAME.jsonl or NAME.client.jsonl");
  }
  RecordingTexts texts;
  texts.wire_file = base + std::string(kWireEnding);
  texts.client_file = base + std::string(kClientEnding);
  texts.hints_file = base + ".hints.json";
  Result<std::string> wire = ReadFile(texts.wire_file);
  if (!wire) return Fail(std::move(wire).error());
  texts.wire = std::move(*wire);
  Result<std::string> client = ReadFile(texts.client_file);
  if (!client) return Fail(std::move(client).error());
  texts.client = std::move(*client);
  std::error_code problem;
  if (std::filesystem::exists(texts.hints_file, problem)) {
    Result<std::string> hints = ReadFile(texts.hints_file);
    if (!hints) return Fail(std::move(hints).error());
    texts.hints = std::move(*hints);
  }
  return ParseRecording(texts);
}

}  // namespace scenarios
