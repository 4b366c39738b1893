// The reader of recorded traces. An input is the wire's file and the client's, with a zero byte
// between them.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "scenarios/recording_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const std::size_t end_of_wire = input.find('\0');
  scenarios::RecordingTexts texts;
  texts.wire_file = "wire";
  texts.client_file = "client";
  texts.hints_file = "hints";
  texts.wire = input.substr(0, end_of_wire);
  if (end_of_wire != std::string::npos) texts.client = input.substr(end_of_wire + 1);
  const auto recording = scenarios::ParseRecording(texts);
  // A refusal says where.
  if (!recording && recording.error().message.find(':') == std::string::npos) std::abort();
  return 0;
}
