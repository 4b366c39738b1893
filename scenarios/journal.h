// Journal: everything that happened, in one total order. What happens is recorded by decorators of
// the ports and by observers; judges, reports and replays only read it. Neither the client's core
// nor the fake's world knows of it.
//
// Entries have a fixed size and strings are interned, so that recording is cheap enough to stay on;
// text is made when the journal is written: JSON lines, described in docs/journal.md. The fields of
// a line always stand in the same order; those that have their default are left out, `seq`, `t` and
// `kind` never are.
//
// Threads: Record, Intern and NextNumber may be called from any thread; the order of entries is the
// order in which the calls of Record took effect. Everything that reads (entries, Text, Find,
// WriteJournal) only while nobody records.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <iosfwd>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "libcontainerd/error.h"
#include "libcontainerd/runtime.h"

namespace scenarios {

// An interned string; 0 is the empty one. Symbols of one journal count up from there.
enum class Symbol : std::uint32_t {};
// What Find returns for a string that the journal does not hold: no entry carries it.
inline constexpr Symbol kNoSymbol{0xffffffff};

enum class EntryKind : std::uint8_t {
  kCallBegin,       // what=operation, id, process, number=call, flag=live restore,
                    // stamp=time-out in ns (0: the operation's own), text=container from whose
                    // callback it is made
  kCallEnd,         // as kCallBegin, but code, failed and text (message)
  kRpcBegin,        // what=method, id, process, number=RPC, flag=closeStdin; Events: flag=stored
                    // only, stamp=resume position, text=kLiveOnly without one
  kRpcEnd,          // as kRpcBegin, plus code, failed and text (message)
  kEventEmitted,    // by the daemon: what=type, id, process, code=status, stamp, pid=of the
                    // container's init, 0 if that is not known
  kEventDelivered,  // to the client's adapter: same fields, number=the RPC of its stream, flag=that
                    // reads the stored log only: what it brought counts once it ended well
  kEventDropped,    // on its way (text says where and why): same fields
  kCallbackBegin,  // what=state, id, process, code=exit code, pid, flag=OOM-killed, number=callback
  kCallbackEnd,    // as kCallbackBegin, plus failed and text (message)
  kAttachBegin,    // id, process, number=attach
  kAttachEnd,      // as kAttachBegin, plus failed and text (message)
  kStdioOpened,    // id, process, what=stream ("stdin", "stdout", "stderr", or "" for all three),
                   // number=opening
  kStdioWritten,  // by the process (outputs) or the engine (stdin): id, process, what, number=bytes
  kStdioRead,     // by the engine (outputs): id, process, what, number=bytes
  kStdioEof,      // seen by the engine: id, process, what, number=bytes in all, text=sha256
  kStdioSourceEof,  // closed by the process: id, process, what, number=bytes in all, text=sha256
  kStdioClosed,    // by the engine: id, process, what, number=opening; stdin: once more, with flag,
                   // when all that was written to it has been taken
  kBundleCreated,  // id
  kBundleRemoved,  // id
  kFifosCreated,   // id, process
  kFifosRemoved,   // id, process
  kBundleFiles,    // id, text=names of its files, sorted, with a space between; "": no bundle
  kCursorRead,     // by the client: text=content, failed
  kCursorWriting,  // by the client: number=write, text=content, stamp=its time
  kCursorWritten,  // as kCursorWriting, plus failed
  kDaemonStarted,  // by the client: pid; or failed and text (message)
  kDaemonAdopted,  // the process of that pid is proven to be our daemon
  kDaemonRefused,  // the process of that pid is proven not to be
  kDaemonSignalled,  // by the client: pid, code=signal
  kDaemonEnded,      // pid
  kHealthChecked,    // failed, code and text (message)
  kTracked,     // by the client: id, process="" or an exec, text=kEnd; a snapshot of what="tracked"
                // says how many
  kRunning,     // in the daemon: id, process, text=kEnd; likewise what="running"
  kSnapshot,    // what=resource ("containers", "objects", "fds", "threads", "tracked", "running"),
                // number=count, text=kBaseline or kEnd
  kFaultFired,  // of the fault plan, in the daemon: what=point, id, process, text=term,
                // number=how often this term fired; or at one of the engine's own points: text=its
                // error, number=how many did so far
  kHeld,        // in the daemon: what=point, id, process, number=ticket, flag=until stepped
  kReleased,    // as kHeld
  kNote,        // text
};
inline constexpr std::size_t kEntryKindCount = 38;

// Texts with a meaning.
inline constexpr std::string_view kBaseline = "baseline";     // a snapshot before anything was done
inline constexpr std::string_view kEnd = "end";               // a snapshot when everything is over
inline constexpr std::string_view kLiveOnly = "live only";    // a stream without resume position
inline constexpr std::string_view kNoCleanNote = "no-clean";  // a note: bundles are kept on purpose
// Notes: the engine went away, with everything that it held in memory, and came back. What was
// under way then never ends.
inline constexpr std::string_view kEngineGoneNote = "engine-gone";
inline constexpr std::string_view kEngineBackNote = "engine-back";
// A note: somebody other than the client changed the cursor file.
inline constexpr std::string_view kCursorReplacedNote = "cursor-replaced";

// "call_begin" and so on: the word in the file.
std::string_view EntryKindName(EntryKind kind);
std::optional<EntryKind> EntryKindFromName(std::string_view name);
// The fields of a line, in their order.
std::span<const std::string_view> JournalFieldNames();

struct Entry {
  std::uint64_t seq = 0;         // from 1, without gaps: entries()[seq - 1]
  libcontainerd::Duration t{0};  // the runtime's Now()
  EntryKind kind = EntryKind::kNote;
  bool flag = false;       // callbacks: OOM-killed; RPCs: closeStdin; and more, by kind
  bool failed = false;     // *_end: it ended with an error
  std::uint32_t code = 0;  // gRPC code, exit code or status, by kind
  std::uint32_t pid = 0;   // system pid
  Symbol what{};
  Symbol id{};       // container
  Symbol process{};  // "init" or an exec's friendly name
  Symbol text{};
  std::uint64_t number = 0;  // call, RPC, callback or attach number; bytes; count
  std::int64_t stamp = 0;    // events: the daemon's timestamp, ns since the epoch; by kind

  friend bool operator==(const Entry&, const Entry&) = default;
};

class Journal {
 public:
  Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  Symbol Intern(std::string_view text);
  // Fills in seq, appends, returns the seq. Symbols are this journal's.
  std::uint64_t Record(Entry entry);
  // A new number for a call, RPC, callback or attach; unique over all kinds.
  std::uint64_t NextNumber();

  const std::vector<Entry>& entries() const { return entries_; }
  const std::string& Text(Symbol symbol) const {
    return strings_[static_cast<std::size_t>(symbol)];
  }
  // kNoSymbol for a string that was never interned.
  Symbol Find(std::string_view text) const;

 private:
  mutable std::mutex mutex_;  // guards everything below
  std::vector<Entry> entries_;
  std::deque<std::string> strings_;  // its strings never move: the index's keys point into them
  std::unordered_map<std::string_view, Symbol> index_;
  std::uint64_t next_number_ = 1;
};

// One line without its newline: valid UTF-8 whatever bytes the strings hold (what is not UTF-8
// becomes U+FFFD).
std::string ToJsonLine(const Journal& journal, const Entry& entry);
void WriteJournal(const Journal& journal, std::ostream& out);

// Reads what WriteJournal wrote into `journal`, which is empty. Errors are INVALID_ARGUMENT with
// the text "NAME:LINE: what is wrong, what was expected"; the entries before that line have been
// read then.
libcontainerd::Status ReadJournal(std::istream& in, const std::string& name, Journal& journal);

}  // namespace scenarios
