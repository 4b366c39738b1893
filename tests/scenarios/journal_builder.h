// JournalBuilder: journals for tests, one short line per thing that happens.
//
//   JournalBuilder j;
//   j.Created("c1").Event("exit", "c1", {.process = "init", .code = 7});
//   const auto exit = j.Callback("exit", "c1", {.code = 7}).Last();
//
// Numbers and timestamps are given out by the builder: an end finds its begin, a delivery its
// emission.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "scenarios/journal.h"

namespace scenarios::testing {

struct Details {
  std::string_view process = "";
  std::uint32_t code = 0;
  bool flag = false;
  bool failed = false;
  std::int64_t stamp = 0;
  std::string_view text = "";
  std::uint32_t pid = 0;  // of emissions
};

// What most journals are about.
inline constexpr Details kInit{.process = "init"};
inline constexpr Details kExitOf7{.process = "init", .code = 7};
inline constexpr Details kExec{.process = "e1"};
inline constexpr Details kFailed{.code = 2, .failed = true};
inline constexpr Details kRefused{.code = 6, .failed = true};
inline constexpr auto kMade = EntryKind::kBundleCreated;
inline constexpr auto kGone = EntryKind::kBundleRemoved;
inline constexpr auto kFifosMade = EntryKind::kFifosCreated;
inline constexpr auto kFifosGone = EntryKind::kFifosRemoved;
inline constexpr auto kOpened = EntryKind::kStdioOpened;
inline constexpr auto kClosed = EntryKind::kStdioClosed;

class JournalBuilder {
 public:
  const Journal& journal() const { return journal_; }
  // The entry that a judge would point at: of a pair its begin, of an event its delivery, else the
  // last one.
  std::uint64_t Last() const { return last_; }

  JournalBuilder& CallBegin(std::string_view operation, std::string_view id, Details with = {}) {
    return Begin(EntryKind::kCallBegin, operation, id, with);
  }
  JournalBuilder& CallEnd(std::string_view operation, std::string_view id, Details with = {}) {
    return End(EntryKind::kCallEnd, operation, id, with);
  }
  JournalBuilder& RpcBegin(std::string_view method, std::string_view id, Details with = {}) {
    return Begin(EntryKind::kRpcBegin, method, id, with);
  }
  JournalBuilder& RpcEnd(std::string_view method, std::string_view id, Details with = {}) {
    return End(EntryKind::kRpcEnd, method, id, with);
  }
  JournalBuilder& CallbackBegin(std::string_view state, std::string_view id, Details with = {}) {
    return Begin(EntryKind::kCallbackBegin, state, id, with);
  }
  JournalBuilder& CallbackEnd(std::string_view state, std::string_view id, Details with = {}) {
    return End(EntryKind::kCallbackEnd, state, id, with);
  }
  JournalBuilder& Callback(std::string_view state, std::string_view id, Details with = {}) {
    const std::uint64_t begin = CallbackBegin(state, id, with).last_;
    return CallbackEnd(state, id, with).PointAt(begin);
  }
  JournalBuilder& Attach(std::string_view id, std::string_view process, bool failed = false) {
    const Details with{.process = process, .failed = failed};
    const std::uint64_t begin = Begin(EntryKind::kAttachBegin, "", id, with).last_;
    return End(EntryKind::kAttachEnd, "", id, with).PointAt(begin);
  }

  JournalBuilder& AttachBegin(std::string_view id, std::string_view process) {
    return Begin(EntryKind::kAttachBegin, "", id, {.process = process});
  }
  JournalBuilder& AttachEnd(std::string_view id, std::string_view process, bool failed = false) {
    return End(EntryKind::kAttachEnd, "", id, {.process = process, .failed = failed});
  }
  // A begin or an end of whatever kind.
  JournalBuilder& Any(EntryKind kind, std::string_view what, std::string_view id,
                      Details with = {}) {
    const bool begins = kind == EntryKind::kCallBegin || kind == EntryKind::kRpcBegin ||
                        kind == EntryKind::kCallbackBegin || kind == EntryKind::kAttachBegin;
    return begins ? Begin(kind, what, id, with) : End(kind, what, id, with);
  }

  // A create up to its RPC; its reply; what follows the reply.
  JournalBuilder& Creating(std::string_view id) {
    return CallBegin("create", id).RpcBegin("CreateContainer", id);
  }
  JournalBuilder& Replied(std::string_view id) { return RpcEnd("CreateContainer", id); }
  JournalBuilder& Started(std::string_view id) {
    return Callback("start-container", id).CallEnd("create", id);
  }
  // All of it: six entries.
  JournalBuilder& Created(std::string_view id) { return Creating(id).Replied(id).Started(id); }
  // Containerd said no: four entries.
  JournalBuilder& CreateFailed(std::string_view id) {
    return Creating(id)
        .RpcEnd("CreateContainer", id, {.code = 2, .failed = true})
        .CallEnd("create", id, {.code = 2, .failed = true});
  }
  // An add-process: four entries.
  JournalBuilder& Exec(std::string_view id, std::string_view name, bool failed = false) {
    return CallBegin("add-process", id, {.process = name})
        .RpcBegin("AddProcess", id, {.process = name})
        .RpcEnd("AddProcess", id, {.process = name})
        .CallEnd("add-process", id, {.process = name, .failed = failed});
  }
  // Init's exit and its callback: four entries.
  JournalBuilder& Exited(std::string_view id, std::uint32_t code = 0) {
    return Event("exit", id, {.process = "init", .code = code})
        .Callback("exit", id, {.code = code});
  }

  JournalBuilder& Emitted(std::string_view type, std::string_view id, Details with = {}) {
    stamps_[EventKey(type, id, with.process)] = ++clock_;
    return Event(EntryKind::kEventEmitted, type, id, with, clock_);
  }
  // The event that was emitted last with these words, or one whose emission nobody saw.
  JournalBuilder& Delivered(std::string_view type, std::string_view id, Details with = {}) {
    std::int64_t& stamp = stamps_[EventKey(type, id, with.process)];
    if (stamp == 0) stamp = ++clock_;
    return Event(EntryKind::kEventDelivered, type, id, with, stamp);
  }
  JournalBuilder& Event(std::string_view type, std::string_view id, Details with = {}) {
    return Emitted(type, id, with).Delivered(type, id, with);
  }
  // With a timestamp of one's own.
  JournalBuilder& DeliveredAt(std::int64_t stamp, std::string_view type, std::string_view id,
                              Details with = {}) {
    return Event(EntryKind::kEventDelivered, type, id, with, stamp);
  }

  JournalBuilder& Stdio(EntryKind kind, std::string_view id, std::string_view process,
                        std::string_view stream = "", std::uint64_t bytes = 0,
                        std::string_view sha256 = "") {
    Entry entry = Make(kind, stream, id, {.process = process});
    entry.number = bytes;
    std::uint64_t& opening = openings_[std::string(id) + "/" + std::string(process)];
    if (kind == EntryKind::kStdioOpened) entry.number = opening = journal_.NextNumber();
    if (kind == EntryKind::kStdioClosed) entry.number = opening;
    entry.text = journal_.Intern(sha256);
    return Record(entry);
  }
  // The engine closes stdin; what it wrote has been taken.
  JournalBuilder& StdinClosed(std::string_view id, std::string_view process) {
    Stdio(EntryKind::kStdioClosed, id, process, "stdin");
    Entry entry = journal_.entries().back();
    entry.flag = true;
    return Record(entry);
  }
  JournalBuilder& Bundle(EntryKind kind, std::string_view id) {
    return Record(Make(kind, "", id, {}));
  }
  JournalBuilder& Fifos(EntryKind kind, std::string_view id, std::string_view process) {
    return Record(Make(kind, "", id, {.process = process}));
  }
  JournalBuilder& Snapshot(std::string_view when, std::string_view resource, std::uint64_t count) {
    Entry entry = Make(EntryKind::kSnapshot, resource, "", {});
    entry.number = count;
    entry.text = journal_.Intern(when);
    return Record(entry);
  }
  // An event stream: resume position, stored log only, of one container only.
  JournalBuilder& Stream(std::int64_t since, bool stored = false, std::string_view id = "") {
    const Details with{.flag = stored, .stamp = since};
    Begin(EntryKind::kRpcBegin, "Events", id, with);
    stream_id_ = id;
    stream_ = journal_.entries().back().number;
    return *this;
  }
  JournalBuilder& StreamEnd(bool failed = false) {
    return End(EntryKind::kRpcEnd, "Events", stream_id_, {.failed = failed});
  }
  // As Delivered(), by the stored log's stream that was begun last.
  JournalBuilder& Read(std::string_view type, std::string_view id, Details with = {}) {
    with.flag = true;
    return Delivered(type, id, with);
  }
  JournalBuilder& DeliveredStored(std::int64_t stamp, std::string_view type, std::string_view id,
                                  Details with = {}) {
    with.flag = true;
    return DeliveredAt(stamp, type, id, with);
  }
  // The whole log is read, and holds nothing.
  JournalBuilder& ReadNothing(std::string_view id = "") { return Stream(0, true, id).StreamEnd(); }

  JournalBuilder& CursorWriting(std::string_view text, std::int64_t stamp) {
    Entry entry = Make(EntryKind::kCursorWriting, "", "", {.stamp = stamp, .text = text});
    entry.number = cursor_write_ = journal_.NextNumber();
    return Record(entry);
  }
  JournalBuilder& CursorWritten(bool failed = false) {
    Entry entry = Make(EntryKind::kCursorWritten, "", "", {.failed = failed});
    entry.number = cursor_write_;
    return Record(entry);
  }
  // Points at its begin.
  JournalBuilder& CursorWrite(std::string_view text, std::int64_t stamp) {
    const std::uint64_t begin = CursorWriting(text, stamp).last_;
    return CursorWritten().PointAt(begin);
  }
  JournalBuilder& CursorRead(std::string_view text) {
    return Record(Make(EntryKind::kCursorRead, "", "", {.text = text}));
  }

  JournalBuilder& Daemon(EntryKind kind, std::uint32_t pid, Details with = {}) {
    Entry entry = Make(kind, "", "", with);
    entry.pid = pid;
    return Record(entry);
  }
  JournalBuilder& Health(bool good) {
    return Record(Make(EntryKind::kHealthChecked, "", "", {.failed = !good}));
  }
  // In the end: how many are tracked or running, and one of them.
  JournalBuilder& Count(std::string_view what, std::uint64_t count) {
    return Snapshot(kEnd, what, count);
  }
  JournalBuilder& Tracked(std::string_view id, std::string_view process = "") {
    return Record(Make(EntryKind::kTracked, "", id, {.process = process, .text = kEnd}));
  }
  JournalBuilder& Running(std::string_view id, std::string_view process = "init") {
    return Record(Make(EntryKind::kRunning, "", id, {.process = process, .text = kEnd}));
  }
  JournalBuilder& Files(std::string_view id, std::string_view names) {
    return Record(Make(EntryKind::kBundleFiles, "", id, {.text = names}));
  }
  // The clock goes on.
  JournalBuilder& Wait(libcontainerd::Duration duration) {
    time_ += duration / std::chrono::microseconds(1);
    return *this;
  }
  // … or stands still from here on.
  JournalBuilder& Freeze() {
    frozen_ = true;
    return *this;
  }
  JournalBuilder& EngineGone() { return Note(kEngineGoneNote); }
  JournalBuilder& EngineBack() { return Note(kEngineBackNote); }
  std::int64_t Clock() const { return clock_; }  // the timestamp that was given out last

  JournalBuilder& Note(std::string_view text) {
    Entry entry = Make(EntryKind::kNote, "", "", {});
    entry.text = journal_.Intern(text);
    return Record(entry);
  }

 private:
  using Key = std::tuple<EntryKind, std::string, std::string, std::string>;
  struct Open {
    std::vector<std::uint64_t> numbers;
    std::uint64_t ended = 0;
  };

  Entry Make(EntryKind kind, std::string_view what, std::string_view id, const Details& with) {
    Entry entry;
    entry.kind = kind;
    entry.what = journal_.Intern(what);
    entry.id = journal_.Intern(id);
    entry.process = journal_.Intern(with.process);
    entry.code = with.code;
    entry.flag = with.flag;
    entry.failed = with.failed;
    entry.stamp = with.stamp;
    entry.text = journal_.Intern(with.text);
    return entry;
  }
  JournalBuilder& Record(Entry entry) {
    if (!frozen_) ++time_;
    entry.t = std::chrono::microseconds(time_);
    last_ = journal_.Record(entry);
    return *this;
  }
  JournalBuilder& PointAt(std::uint64_t seq) {
    last_ = seq;
    return *this;
  }
  JournalBuilder& Begin(EntryKind kind, std::string_view what, std::string_view id,
                        const Details& with) {
    Entry entry = Make(kind, what, id, with);
    entry.failed = false;
    entry.number = journal_.NextNumber();
    Open& open = open_[{kind, std::string(what), std::string(id), std::string(with.process)}];
    open.numbers.push_back(entry.number);
    return Record(entry);
  }
  // Ends what began last with the same words and goes on; if nothing does, what ended last.
  JournalBuilder& End(EntryKind kind, std::string_view what, std::string_view id,
                      const Details& with) {
    Entry entry = Make(kind, what, id, with);
    const auto begin = static_cast<EntryKind>(static_cast<int>(kind) - 1);
    Open& open = open_[{begin, std::string(what), std::string(id), std::string(with.process)}];
    if (!open.numbers.empty()) {
      open.ended = open.numbers.back();
      open.numbers.pop_back();
    }
    entry.number = open.ended;
    return Record(entry);
  }
  static Key EventKey(std::string_view type, std::string_view id, std::string_view process) {
    return {EntryKind::kEventEmitted, std::string(type), std::string(id), std::string(process)};
  }
  JournalBuilder& Event(EntryKind kind, std::string_view type, std::string_view id,
                        const Details& with, std::int64_t stamp) {
    Entry entry = Make(kind, type, id, with);
    entry.stamp = stamp;
    if (kind == EntryKind::kEventDelivered) entry.number = stream_;
    if (kind == EntryKind::kEventEmitted) entry.pid = with.pid;
    return Record(entry);
  }

  Journal journal_;
  std::uint64_t last_ = 0;
  std::int64_t time_ = 0;
  bool frozen_ = false;
  std::int64_t clock_ = 1000;
  std::uint64_t stream_ = 0;
  std::string stream_id_;
  std::uint64_t cursor_write_ = 0;
  std::map<Key, Open> open_;
  std::map<Key, std::int64_t> stamps_;
  std::map<std::string, std::uint64_t> openings_;  // by "id/process"
};

}  // namespace scenarios::testing
