#include <array>
#include <unordered_map>
#include <vector>

#include "scenarios/guarantees/judging.h"
#include "scenarios/guarantees/symbol_map.h"

namespace scenarios {
namespace {

constexpr std::size_t kOutputs = 2;  // stdout, stderr

struct Stream {
  const Entry* source = nullptr;  // the process closed it
  const Entry* eof = nullptr;     // the engine read to its end
  const Entry* closed = nullptr;  // the engine closed it
};

// From opening the streams of one process to their ends.
struct AttachedProcess {
  std::uint64_t opened = 0;
  bool started = false;   // its start-container was told
  bool left = false;      // by an engine that went away
  bool attached = false;  // the engine was given the pipe
  bool failed = false;    // and did not want it
  bool resumed = false;   // by a restore: what was read before is missing
  bool lossy = false;     // a fault took some of it away
  std::array<Stream, kOutputs> streams;
};

struct Process {
  std::vector<AttachedProcess> attachments;
  std::array<std::size_t, kOutputs> read{};  // so many attachments need no look any more
};

class StdioJudge {
 public:
  explicit StdioJudge(const Evidence& evidence)
      : evidence_(evidence),
        words_(evidence.words()),
        journal_(evidence.journal()),
        fifo_write_(journal_.Find("fifo.write")),
        fifo_open_(journal_.Find("fifo.open")),
        outputs_{journal_.Find("stdout"), journal_.Find("stderr")} {}

  Judgement Judge() {
    for (const Entry& entry : journal_.entries()) Visit(entry);
    for (const std::uint64_t process : order_) {
      for (const AttachedProcess& attachment : processes_[process].attachments) {
        if (!IsTheEngines(attachment)) continue;
        for (const Stream& stream : attachment.streams)
          JudgeStream(stream, attachment.resumed || attachment.lossy);
      }
    }
    return std::move(findings_).Conclude();
  }

 private:
  void Visit(const Entry& entry) {
    switch (entry.kind) {
      case EntryKind::kStdioOpened:
        // Streams may be recorded one by one; stdout stands for all.
        if (entry.what == Symbol{} || entry.what == outputs_[0]) {
          AttachedProcess& opened = Of(entry).attachments.emplace_back();
          opened.opened = entry.seq;
          opened.resumed = restoring_[entry.id] > 0;
        }
        break;
      case EntryKind::kRpcBegin:
        if (entry.what == words_.create_rpc) requested_[entry.id] = entry.seq;
        break;
      case EntryKind::kCallBegin:
        if (entry.what == words_.restore) ++restoring_[entry.id];
        if (entry.what == words_.create) creating_[entry.number] = entry.seq;
        break;
      case EntryKind::kCallEnd:
        if (entry.what == words_.restore) --restoring_[entry.id];
        // Its streams were given up with it.
        if (entry.what == words_.create && (entry.failed || entry.code != 0) && GaveUp(entry))
          Latest(entry.id, words_.init).failed = true;
        break;
      case EntryKind::kNote:
        if (words_.IsEngineGone(entry)) EngineGone(entry);
        break;
      case EntryKind::kEventEmitted:
        if (entry.what == words_.start) Latest(entry.id, words_.init).started = true;
        break;
      case EntryKind::kAttachBegin:
        any_attach_ = true;
        Latest(entry).attached = true;
        break;
      case EntryKind::kAttachEnd:
        if (entry.failed) Latest(entry).failed = true;
        break;
      case EntryKind::kFaultFired:
        if (entry.what == fifo_write_ || (entry.what == fifo_open_ && NeverOpens(entry)))
          Latest(entry).lossy = true;
        break;
      case EntryKind::kRpcEnd:
        // It never started: whoever writes there is a container of before.
        if (entry.what == words_.create_rpc && (entry.failed || entry.code != 0))
          Latest(entry.id, words_.init).failed = true;
        break;
      case EntryKind::kStdioSourceEof:
      case EntryKind::kStdioEof:
      case EntryKind::kStdioClosed:
        for (std::size_t output = 0; output < kOutputs; ++output) {
          if (entry.what == outputs_[output]) Ended(entry, output);
        }
        break;
      default:
        break;
    }
  }

  void Ended(const Entry& entry, std::size_t output) {
    if (entry.kind == EntryKind::kStdioSourceEof) {
      SourceOf(entry, output).source = &entry;
      return;
    }
    Stream& stream = ReadBy(entry, output);
    // What comes behind a whole one is an earlier stream's, held up until now.
    const bool whole = stream.eof != nullptr && stream.source != nullptr &&
                       stream.eof->number == stream.source->number &&
                       stream.eof->text == stream.source->text;
    if (entry.kind == EntryKind::kStdioEof && !whole) stream.eof = &entry;
    if (entry.kind == EntryKind::kStdioClosed && stream.eof == nullptr) stream.closed = &entry;
  }

  bool IsTheEngines(const AttachedProcess& attachment) const {
    return !attachment.failed && (attachment.attached || !any_attach_);
  }

  // The create that failed is the one that opened the latest streams.
  bool GaveUp(const Entry& create_end) {
    if (evidence_.lives().Of(create_end) != nullptr) return true;
    const std::uint64_t opened = Latest(create_end.id, words_.init).opened;
    return opened > creating_[create_end.number] && opened > requested_[create_end.id];
  }

  // The process wrote into nothing.
  bool NeverOpens(const Entry& fault) const {
    return journal_.Text(fault.text).find("neveropen") != std::string::npos;
  }

  Process& Of(const Entry& entry) { return Of(entry.id, entry.process); }
  Process& Of(Symbol id, Symbol name) {
    const std::uint64_t process = PairKey(id, name);
    const auto [found, added] = processes_.try_emplace(process);
    if (added) order_.push_back(process);
    return found->second;
  }

  AttachedProcess& Latest(const Entry& entry) { return Latest(entry.id, entry.process); }
  AttachedProcess& Latest(Symbol id, Symbol name) {
    std::vector<AttachedProcess>& attachments = Of(id, name).attachments;
    if (!attachments.empty()) return attachments.back();
    // What nobody opened in this engine's life was opened in one whose end hid it.
    AttachedProcess& unseen = attachments.emplace_back();
    unseen.failed = engine_gone_;
    return unseen;
  }

  // A process closes what was opened for it last. Another end of the same stream is another
  // process's, whose opening was not recorded.
  Stream& SourceOf(const Entry& entry, std::size_t output) {
    // Before a create is carried out, whoever had its id before ends.
    std::vector<AttachedProcess>& attachments = Of(entry).attachments;
    if (entry.process == words_.init && attachments.size() > 1 && !attachments.back().started &&
        !attachments.back().resumed) {
      AttachedProcess& before = attachments[attachments.size() - 2];
      if (before.left && !before.failed && before.streams[output].source == nullptr) {
        return before.streams[output];
      }
    }
    Stream& stream = Latest(entry).streams[output];
    return stream.source == nullptr ? stream : Of(entry).attachments.emplace_back().streams[output];
  }

  // The engine may be late: it reads on in the oldest one that it has not finished, if that has
  // anything to finish.
  Stream& ReadBy(const Entry& entry, std::size_t output) {
    Process& process = Of(entry);
    for (std::size_t& i = process.read[output]; i + 1 < process.attachments.size(); ++i) {
      AttachedProcess& attachment = process.attachments[i];
      Stream& stream = attachment.streams[output];
      const bool unfinished = stream.eof == nullptr && stream.closed == nullptr;
      if (stream.source == nullptr || !unfinished || !IsTheEngines(attachment)) continue;
      Stream* fits =
          entry.kind == EntryKind::kStdioEof ? FindRead(process, i, output, entry) : nullptr;
      return fits != nullptr ? *fits : stream;
    }
    return Latest(entry).streams[output];
  }

  // From the unfinished one `first` on: the oldest one that ended as what was read did. Several
  // may be read at once, and among them those of creates that failed: as their processes ended
  // them, or with nothing if there was none.
  Stream* FindRead(Process& process, std::size_t first, std::size_t output, const Entry& eof) {
    Stream* of_failed = nullptr;
    for (std::size_t i = first; i < process.attachments.size(); ++i) {
      Stream& stream = process.attachments[i].streams[output];
      if (stream.eof != nullptr || stream.closed != nullptr) continue;
      const bool of_engine = IsTheEngines(process.attachments[i]);
      const bool fits = stream.source == nullptr ? !of_engine && eof.number == 0
                                                 : stream.source->number == eof.number &&
                                                       stream.source->text == eof.text;
      if (fits && of_engine) return &stream;
      if (fits && of_failed == nullptr) of_failed = &stream;
    }
    return of_failed;
  }

  // Its ends of the streams go with it.
  void EngineGone(const Entry& note) {
    restoring_ = {};
    engine_gone_ = true;
    for (auto& [key, process] : processes_) {
      for (AttachedProcess& attachment : process.attachments) {
        attachment.left = true;
        for (Stream& stream : attachment.streams) {
          if (stream.eof == nullptr && stream.closed == nullptr) stream.closed = &note;
        }
      }
    }
  }

  void JudgeStream(const Stream& stream, bool incomplete) {
    if (stream.source == nullptr) return;
    findings_.Observe();
    const Entry& source = *stream.source;
    const std::string name = SubjectName(journal_, source) + ": " + journal_.Text(source.what);
    if (stream.eof == nullptr) {
      if (stream.closed != nullptr) return;
      findings_.Add(
          name + " never reached its end, the process wrote " + Bytes(source) + " and closed it",
          {source.seq});
    } else if (incomplete) {
      return;
    } else if (stream.eof->number != source.number) {
      findings_.Add(
          name + " ended after " + Bytes(*stream.eof) + ", the process wrote " + Bytes(source),
          {source.seq, stream.eof->seq});
    } else if (source.text != Symbol{} && stream.eof->text != Symbol{} &&
               source.text != stream.eof->text) {
      findings_.Add(name + " has the right length but other bytes than the process wrote",
                    {source.seq, stream.eof->seq});
    }
  }

  static std::string Bytes(const Entry& entry) {
    return std::to_string(entry.number) + (entry.number == 1 ? " byte" : " bytes");
  }

  const Evidence& evidence_;
  const Words& words_;
  const Journal& journal_;
  const Symbol fifo_write_;
  const Symbol fifo_open_;
  const std::array<Symbol, kOutputs> outputs_;
  Findings findings_;
  bool any_attach_ = false;
  bool engine_gone_ = false;
  SymbolMap<int> restoring_;                                   // restore calls under way, by id
  SymbolMap<std::uint64_t> requested_;                         // the latest CreateContainer, by id
  std::unordered_map<std::uint64_t, std::uint64_t> creating_;  // begin of a create, by number
  std::unordered_map<std::uint64_t, Process> processes_;       // by id and name
  std::vector<std::uint64_t> order_;                           // of first mention
};

Judgement JudgeStdioComplete(const Evidence& evidence) {
  return StdioJudge(evidence).Judge();
}

}  // namespace

constinit const Guarantee kStdioComplete{
    "stdio-complete",
    "Whatever a process wrote to stdout and stderr until it closed them reaches the engine that is "
    "attached to it, byte for byte and followed by end-of-file, unless the engine closed the "
    "stream "
    "itself before. What an engine that went away had read is not counted.",
    "without the record of a process that closed an output and was attached",
    &JudgeStdioComplete,
};

}  // namespace scenarios
