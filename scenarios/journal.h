// Journal: everything that happened, in one total order. What does is left of it, what judges only
// reads it.
//
// Entries are fixed-size, strings are interned, so that recording is cheap enough to stay on; text
// is made when the journal is written. Fed by decorators of the ports and by observers
// (scenarios/journaling.h): neither the client's core nor the fake's world knows that it exists.
//
// File format: JSON lines, docs/journal.md. Fields always stand in the same order; those with their
// default are left out, `seq`, `t` and `kind` never are.
//
// Threads: Record and Intern may be called from any thread; entry order is the order of the calls.
// Reading (entries(), Text()) only while nobody records.
#pragma once

#include <cstdint>
#include <deque>
#include <iosfwd>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "libcontainerd/error.h"
#include "libcontainerd/runtime.h"

namespace scenarios {

// An interned string; 0 is the empty one.
enum class Symbol : std::uint32_t {};

enum class EntryKind : std::uint8_t {
  kCallBegin,       // what=operation, id, process, number=call
  kCallEnd,         // as kCallBegin, plus code and text (message)
  kRpcBegin,        // what=method, id, process, number=RPC, detail (below)
  kRpcEnd,          // as kRpcBegin, plus code and text
  kEventEmitted,    // by the daemon: what=type, id, process, code=status, stamp=timestamp (ns since
                    // the epoch)
  kEventDelivered,  // to the client's adapter: same fields
  kEventDropped,    // on its way (text says where and why): same fields
  kCallbackBegin,   // what=state name, id, process, code=exit code, pid, flag=OOM-killed,
                    // number=callback
  kCallbackEnd,     // as kCallbackBegin, plus failed (flag2) and text
  kAttachBegin,     // id, process, number
  kAttachEnd,       // as kAttachBegin, plus flag2 and text
  kStdioOpened,     // id, process, what=stream ("stdin", "stdout", "stderr", or "" for all three)
  kStdioWritten,  // by the process (outputs) or the engine (stdin): id, process, what, number=bytes
  kStdioRead,     // by the engine (outputs): id, process, what, number=bytes
  kStdioEof,      // seen by the engine: id, process, what, number=total bytes, text=sha256 (hex)
  kStdioSourceEof,  // closed by the process: id, process, what, number=total bytes, text=sha256
                    // (hex)
  kStdioClosed,     // by the engine: id, process, what
  kBundleCreated,   // id
  kBundleRemoved,   // id
  kFifosCreated,    // id, process
  kFifosRemoved,    // id, process
  kSnapshot,        // what=resource ("containers", "objects", "fds", "threads"), number=count,
                    // text="baseline" or "end"
  kNote,            // text
};

// "call_begin" and so on: the word in the file.
std::string_view EntryKindName(EntryKind kind);

struct Entry {
  std::uint64_t seq = 0;         // from 1, without gaps
  libcontainerd::Duration t{0};  // the runtime's Now()
  EntryKind kind = EntryKind::kNote;
  bool flag = false;       // OOM-killed; on kRpc*: closeStdin
  bool failed = false;     // *_end: it ended with an error
  std::uint32_t code = 0;  // gRPC code, exit code or status, by kind
  std::uint32_t pid = 0;   // system pid
  Symbol what{};
  Symbol id{};       // container
  Symbol process{};  // "init" or an exec's friendly name
  Symbol text{};
  std::uint64_t number = 0;  // call, RPC or callback number; bytes; count
  std::int64_t stamp = 0;    // events: timestamp, ns since the epoch

  friend bool operator==(const Entry&, const Entry&) = default;
};

class Journal {
 public:
  Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  Symbol Intern(std::string_view text);
  // Fills in seq, appends, returns the seq.
  std::uint64_t Record(Entry entry);
  // A new number for a call, RPC or callback; unique over all kinds.
  std::uint64_t NextNumber();

  const std::vector<Entry>& entries() const { return entries_; }
  const std::string& Text(Symbol symbol) const {
    return strings_[static_cast<std::size_t>(symbol)];
  }

 private:
  mutable std::mutex mutex_;  // guards everything below
  std::vector<Entry> entries_;
  std::deque<std::string>
      strings_;  // a deque: its strings never move, the index's keys point into them
  std::unordered_map<std::string_view, Symbol> index_;
  std::uint64_t next_number_ = 1;
};

// One line without its newline.
std::string ToJsonLine(const Journal& journal, const Entry& entry);
void WriteJournal(const Journal& journal, std::ostream& out);
// Reads what WriteJournal wrote into an empty journal. Errors name NAME:LINE, what is wrong and
// what was expected.
libcontainerd::Status ReadJournal(std::istream& in, const std::string& name, Journal& journal);

}  // namespace scenarios
