// Progress: how far a run is, as it goes: one line that is drawn anew on a terminal, a plain line
// for each piece of work elsewhere.
//
// Threads: any.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <mutex>
#include <string>

namespace scenarios {

class Progress {
 public:
  // `out` outlives it. Nobody sees a bar in a file: `terminal` says where `out` leads.
  Progress(std::ostream& out, bool terminal, std::size_t total)
      : out_(out), terminal_(terminal), total_(total) {}
  ~Progress() { Clear(); }

  // A piece is done. `line` says how; `text`, which may be empty or have several lines, why it
  // failed.
  void Done(const std::string& line, const std::string& text, bool failed);
  // The bar goes away.
  void Clear();

  // Standard output is one, and nobody said otherwise by NO_COLOR's cousin TERM=dumb or by CI.
  static bool StdoutIsTerminal();

 private:
  void Draw();

  std::mutex mutex_;  // guards the rest
  std::ostream& out_;
  const bool terminal_;
  const std::size_t total_;
  std::size_t done_ = 0;
  std::size_t failed_ = 0;
  std::string last_;
  bool drawn_ = false;
};

}  // namespace scenarios
