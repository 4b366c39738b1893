#include "scenarios/cli/progress.h"

#include <unistd.h>

#include <cstdlib>
#include <ostream>
#include <string_view>

namespace scenarios {

namespace {

constexpr std::size_t kBar = 24;
constexpr std::size_t kLine = 78;

}  // namespace

bool Progress::StdoutIsTerminal() {
  const char* term = std::getenv("TERM");
  const bool dumb = term == nullptr || std::string_view(term) == "dumb";
  const char* ci = std::getenv("CI");
  return ::isatty(STDOUT_FILENO) == 1 && !dumb && (ci == nullptr || *ci == '\0');
}

void Progress::Done(const std::string& line, const std::string& text, bool failed) {
  const std::lock_guard lock(mutex_);
  ++done_;
  if (failed) ++failed_;
  last_ = line;
  if (terminal_) {
    if (failed) {
      out_ << "\r\x1b[K" << line << '\n' << text;
      drawn_ = false;
    }
    Draw();
  } else {
    out_ << line << '\n' << text << std::flush;
  }
}

void Progress::Draw() {
  const std::size_t filled = total_ == 0 ? kBar : kBar * done_ / total_;
  std::string bar = "[" + std::string(filled, '#') + std::string(kBar - filled, '.') + "] " +
                    std::to_string(done_) + "/" + std::to_string(total_);
  if (failed_ > 0) bar += ", " + std::to_string(failed_) + " failed";
  bar += "  " + last_;
  if (bar.size() > kLine) bar.resize(kLine);
  out_ << "\r\x1b[K" << bar << std::flush;
  drawn_ = true;
}

void Progress::Clear() {
  const std::lock_guard lock(mutex_);
  if (terminal_ && drawn_) out_ << "\r\x1b[K" << std::flush;
  drawn_ = false;
}

}  // namespace scenarios
