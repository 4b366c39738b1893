#include "scenarios/reports/entry_words.h"

#include <array>
#include <cstdio>
#include <iomanip>
#include <sstream>

#include "scenarios/guarantees/judging.h"

namespace scenarios {
namespace {

// Long texts, as a bundle's files or an error's, are shortened: the journal has them whole.
constexpr std::size_t kLongestText = 200;

class EntryTeller {
 public:
  EntryTeller(const Journal& journal, const Entry& entry) : journal_(journal), entry_(entry) {}

  std::string Sentence() const;

 private:
  const std::string& What() const { return journal_.Text(entry_.what); }
  std::string Text() const {
    std::string text = journal_.Text(entry_.text);
    if (text.size() > kLongestText) text = text.substr(0, kLongestText) + "…";
    return text;
  }
  std::string Subject() const { return SubjectName(journal_, entry_); }
  std::string Of(std::string_view preposition = "of") const {
    const std::string subject = Subject();
    return subject.empty() ? "" : " " + std::string(preposition) + " " + subject;
  }
  std::string Result() const {
    if (!Failed(entry_)) return "OK";
    std::string text;
    if (entry_.code != 0) {
      text = ErrorCodeName(libcontainerd::ErrorCodeFromNumber(static_cast<int>(entry_.code)));
    }
    if (entry_.text != Symbol{}) text.append(text.empty() ? "" : ": ").append(Text());
    return text.empty() ? "an error" : text;
  }
  std::string Number(const char* unit) const {
    return std::to_string(entry_.number) + " " + unit + (entry_.number == 1 ? "" : "s");
  }
  std::string Event() const {
    std::string text = What() + Of();
    if (What() == "exit") text += ", status " + std::to_string(entry_.code);
    return text;
  }
  std::string State() const {
    std::string text = What() + Of();
    if (What().starts_with("exit")) text += ", code " + std::to_string(entry_.code);
    if (entry_.flag) text += ", OOM-killed";
    return text;
  }
  std::string Failure() const { return entry_.failed ? ", but failed: " + Text() : ""; }
  std::string Stream() const { return What().empty() ? "streams" : What(); }
  std::string OfPid() const { return " (pid " + std::to_string(entry_.pid) + ")"; }

  std::string Streams() const;
  std::string Machine() const;
  std::string Rest() const;

  const Journal& journal_;
  const Entry& entry_;
};

std::string EntryTeller::Sentence() const {
  switch (entry_.kind) {
    case EntryKind::kCallBegin:
      return "the engine calls " + What() + Of() +
             (entry_.text == Symbol{} ? "" : ", from a callback of " + Text());
    case EntryKind::kCallEnd:
      return What() + Of() + " returns " + Result();
    case EntryKind::kRpcBegin:
      return "the client sends " + What() + Of("about");
    case EntryKind::kRpcEnd:
      return What() + Of("about") + (What() == "Events" ? " ends: " : " is answered: ") + Result();
    case EntryKind::kEventEmitted:
      return "the daemon emits " + Event();
    case EntryKind::kEventDelivered:
      return std::string(entry_.flag ? "the client reads in the stored log: "
                                     : "the client receives ") +
             Event();
    case EntryKind::kEventDropped:
      return "lost: " + Event() + " (" + Text() + ")";
    case EntryKind::kCallbackBegin:
      return "the engine is told " + State();
    case EntryKind::kCallbackEnd:
      return "the engine is done with " + What() + Of() + Failure();
    case EntryKind::kAttachBegin:
      return "the engine is given the streams" + Of();
    case EntryKind::kAttachEnd:
      return "the engine is attached to the streams" + Of() + Failure();
    default:
      return Streams();
  }
}

std::string EntryTeller::Streams() const {
  switch (entry_.kind) {
    case EntryKind::kStdioOpened:
      return Stream() + Of() + " opened";
    case EntryKind::kStdioWritten:
      return Number("byte") + " written to " + What() + Of();
    case EntryKind::kStdioRead:
      return Number("byte") + " read from " + What() + Of();
    case EntryKind::kStdioEof:
      return "the engine has read " + What() + Of() + " to its end: " + Number("byte");
    case EntryKind::kStdioSourceEof:
      return "the process closes " + What() + Of() + " after " + Number("byte");
    case EntryKind::kStdioClosed:
      return Stream() + Of() + (entry_.flag ? " has been taken whole" : " closed by the engine");
    case EntryKind::kBundleCreated:
      return "the bundle" + Of() + " is made";
    case EntryKind::kBundleRemoved:
      return "the bundle" + Of() + " is removed";
    case EntryKind::kFifosCreated:
      return "the FIFOs" + Of() + " are made";
    case EntryKind::kFifosRemoved:
      return "the FIFOs" + Of() + " are removed";
    case EntryKind::kBundleFiles:
      return entry_.text == Symbol{} ? "there is no bundle" + Of()
                                     : "in the bundle" + Of() + ": " + Text();
    default:
      return Machine();
  }
}

std::string EntryTeller::Machine() const {
  switch (entry_.kind) {
    case EntryKind::kCursorRead:
      return entry_.failed ? "the cursor cannot be read" : "the cursor is read: " + Text();
    case EntryKind::kCursorWriting:
      return "the cursor is being replaced: " + Text();
    case EntryKind::kCursorWritten:
      return entry_.failed ? "the cursor could not be replaced" : "the cursor is replaced";
    case EntryKind::kDaemonStarted:
      return entry_.failed ? "the daemon could not be started: " + Text()
                           : "the daemon is started" + OfPid();
    case EntryKind::kDaemonAdopted:
      return "a running daemon is proven ours and taken over" + OfPid();
    case EntryKind::kDaemonRefused:
      return "a running process is proven not to be our daemon" + OfPid();
    case EntryKind::kDaemonSignalled:
      return "the client sends the daemon signal " + std::to_string(entry_.code) + OfPid();
    case EntryKind::kDaemonEnded:
      return "the daemon's process ends" + OfPid();
    case EntryKind::kHealthChecked:
      return "a health check comes back: " + Result();
    default:
      return Rest();
  }
}

std::string EntryTeller::Rest() const {
  switch (entry_.kind) {
    case EntryKind::kTracked:
      return "the client tracks " + Subject();
    case EntryKind::kRunning:
      return "the daemon runs " + Subject();
    case EntryKind::kSnapshot:
      return Text() + ": " + std::to_string(entry_.number) + " " + What();
    case EntryKind::kFaultFired:
      return "a fault fires at " + What() + Of("for") + ": " + Text() + " (time " +
             std::to_string(entry_.number) + ")";
    case EntryKind::kHeld:
      return "held at " + What() + Of("for");
    case EntryKind::kReleased:
      return "released at " + What() + Of("for");
    default:
      return "note: " + Text();
  }
}

}  // namespace

std::string DescribeEntry(const Journal& journal, const Entry& entry) {
  return EntryTeller(journal, entry).Sentence();
}

std::string DurationText(libcontainerd::Duration duration) {
  struct Unit {
    double nanoseconds;
    const char* name;
  };
  constexpr std::array kUnits = {Unit{1e9, "s"}, Unit{1e6, "ms"}, Unit{1e3, "µs"}, Unit{1, "ns"}};
  const auto count = static_cast<double>(duration.count());
  for (const Unit& unit : kUnits) {
    if (count < unit.nanoseconds) continue;
    std::array<char, 48> text{};
    std::snprintf(text.data(), text.size(), "%.9g %s", count / unit.nanoseconds, unit.name);
    return text.data();
  }
  return "0";
}

std::string EntryLine(const Journal& journal, const Entry& entry) {
  std::array<char, 48> milliseconds{};
  std::snprintf(milliseconds.data(), milliseconds.size(), "%.3f",
                static_cast<double>(entry.t.count()) / 1e6);
  std::ostringstream line;
  line << std::left << std::setw(6) << "#" + std::to_string(entry.seq) << std::right
       << std::setw(12) << milliseconds.data() << " ms  " << DescribeEntry(journal, entry);
  return line.str();
}

}  // namespace scenarios
