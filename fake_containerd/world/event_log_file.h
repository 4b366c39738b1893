// EventLogFile: the event log on disk, `<state dir>/events.log` in containerd 0.2's format.
//
// One JSON object a line:
// {"id":"c1","type":"exit","timestamp":"2016-10-05T00:00:00.5Z","pid":"init","status":3}; pid and
// status are left out when empty or 0. Events of other namespaces than the default have no place in
// it.
#pragma once

#include <filesystem>
#include <fstream>
#include <istream>

#include "fake_containerd/world/event_log.h"

namespace fake_containerd {

class EventLogFile final : public EventLogStore {
 public:
  explicit EventLogFile(std::filesystem::path path);

  // A missing file is empty. Errors are DATA_LOSS and say `<path>:<line>: what is wrong, what was
  // expected`.
  libcontainerd::Result<std::vector<Event>> Read() override;
  libcontainerd::Status Rewrite(const std::vector<Event>& events) override;
  libcontainerd::Status Append(const Event& event) override;

 private:
  std::filesystem::path path_;
  std::ofstream out_;
};

// All of a file's lines; blank ones say nothing. Errors as of Read().
libcontainerd::Result<std::vector<Event>> ReadEventLog(std::istream& in, const std::string& name);

// One line of the file, without its newline.
std::string ToLogLine(const Event& event);
// The error's text says what is wrong and what was expected.
libcontainerd::Result<Event> FromLogLine(const std::string& line);

}  // namespace fake_containerd
