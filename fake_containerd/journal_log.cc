#include "fake_containerd/journal_log.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

namespace fake_containerd {

using libcontainerd::ErrorCode;
using libcontainerd::Fail;
using libcontainerd::Status;

// The fields in the journal's order; those with their default are left out.
class JournalLog::Line {
 public:
  Line(JournalLog& log, std::string_view kind) {
    text_ = "{\"seq\":" + std::to_string(++log.seq_) +
            ",\"t\":" + std::to_string(log.runtime_.Now().count());
    Word("kind", kind);
  }
  Line& Word(const char* name, std::string_view value) {
    if (value.empty()) return *this;
    Name(name);
    text_ += nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return *this;
  }
  template <class Integer>
  Line& Number(const char* name, Integer value) {
    if (value == 0) return *this;
    Name(name);
    text_ += std::to_string(value);
    return *this;
  }
  Line& TrueOnly(const char* name, bool value) {
    if (!value) return *this;
    Name(name);
    text_ += "true";
    return *this;
  }
  std::string Take() { return std::move(text_) + "}"; }

 private:
  void Name(const char* name) { text_.append(",\"").append(name).append("\":"); }

  std::string text_;
};

Status JournalLog::OpenFile(const std::string& path) {
  // The stream cannot make a file that only its owner may read.
  const int made = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const int error = errno;
  if (made >= 0) {
    ::close(made);
    file_.open(path, std::ios::binary | std::ios::trunc);
  }
  if (made >= 0 && file_) return {};
  return Fail(ErrorCode::kUnavailable,
              "journal " + path + " cannot be written: " + std::generic_category().message(error));
}

void JournalLog::RpcBegan(Rpc& rpc) {
  rpc.number = ++last_number_;
  if (off()) return;
  Write(Line(*this, "rpc_begin")
            .Word("what", rpc.method)
            .Word("id", rpc.id)
            .Word("process", rpc.process)
            .Number("number", rpc.number)
            .TrueOnly("flag", rpc.flag)
            .Number("stamp", rpc.stamp)
            .Word("text", rpc.text)
            .Take());
}

void JournalLog::RpcEnded(const Rpc& rpc, const Status& status) {
  if (off()) return;
  Write(Line(*this, "rpc_end")
            .Word("what", rpc.method)
            .Word("id", rpc.id)
            .Word("process", rpc.process)
            .Number("number", rpc.number)
            .Number("code", status ? 0U : static_cast<unsigned>(status.error().code))
            .TrueOnly("flag", rpc.flag)
            .TrueOnly("failed", !status)
            .Number("stamp", rpc.stamp)
            .Word("text", status ? std::string() : status.error().message)
            .Take());
}

void JournalLog::Note(std::string_view text) {
  if (!off()) Write(Line(*this, "note").Word("text", text).Take());
}

std::uint64_t JournalLog::Follow(std::uint64_t after, Follower follower) {
  std::uint64_t seq = seq_ - kept_.size();
  for (const std::string& line : kept_) {
    if (++seq > after) follower(seq, line);
  }
  followers_.emplace(++last_follower_, std::move(follower));
  return last_follower_;
}

void JournalLog::EventLine(std::string_view kind, const Event& event, std::string_view text) {
  if (off()) return;
  Write(Line(*this, kind)
            .Word("what", EventKindName(event.kind))
            .Word("id", event.container.id)
            .Word("process", event.process)
            .Number("code", event.status)
            .Number("stamp", event.time.time_since_epoch().count())
            .Word("text", text)
            .Take());
}

void JournalLog::OnEventEmitted(const Event& event) {
  EventLine("event_emitted", event, {});
}

void JournalLog::OnEventDropped(const Event& event, std::uint64_t subscriber) {
  EventLine("event_dropped", event,
            subscriber == 0 ? "the log's queue is full" : "a subscriber's queue is full");
}

void JournalLog::OnEventLost(const Event& event, std::string_view why, bool emitted) {
  if (emitted) EventLine("event_emitted", event, {});
  EventLine("event_dropped", event, why);
}

void JournalLog::OnFaultFired(const FiredFault& fault) {
  if (off()) return;
  const auto [id, process] = InjectionSubject::FromText(fault.subject);
  Write(Line(*this, "fault_fired")
            .Word("what", fault.point)
            .Word("id", id)
            .Word("process", process)
            .Number("number", fault.count)
            .Word("text", fault.term)
            .Take());
}

void JournalLog::HeldLine(std::string_view kind, const HeldItem& item) {
  if (off()) return;
  const auto [id, process] = InjectionSubject::FromText(item.subject);
  Write(Line(*this, kind)
            .Word("what", item.point)
            .Word("id", id)
            .Word("process", process)
            .Number("number", item.ticket)
            .TrueOnly("flag", item.stepped)
            .Take());
}

void JournalLog::OnHeld(const HeldItem& item) {
  HeldLine("held", item);
}

void JournalLog::OnReleased(const HeldItem& item) {
  HeldLine("released", item);
}

void JournalLog::OnTerminalResized(const ContainerKey& container, const std::string& process,
                                   std::uint32_t width, std::uint32_t height, std::uint64_t count) {
  Note("terminal of " + process + " of " + container.id + " is " + std::to_string(width) + "x" +
       std::to_string(height) + ", change " + std::to_string(count));
}

void JournalLog::OnStdioBytes(const ContainerKey& container, const std::string& process,
                              StdioStream stream, std::string_view data) {
  if (off() || stream == StdioStream::kStdin) return;  // written by the engine, whom we do not see
  Write(Line(*this, "stdio_written")
            .Word("what", StdioStreamName(stream))
            .Word("id", container.id)
            .Word("process", process)
            .Number("number", data.size())
            .Take());
}

void JournalLog::OnStdioEnd(const ContainerKey& container, const std::string& process,
                            StdioStream stream, std::uint64_t total_bytes,
                            const std::string& sha256) {
  // Written by the engine, whom we do not see: this is only what the process got of it.
  if (stream == StdioStream::kStdin) {
    return Note("stdin of " + process + " of " + container.id +
                " ended: " + std::to_string(total_bytes) + " bytes, SHA-256 " + sha256);
  }
  if (off()) return;
  Write(Line(*this, "stdio_source_eof")
            .Word("what", StdioStreamName(stream))
            .Word("id", container.id)
            .Word("process", process)
            .Number("number", total_bytes)
            .Word("text", sha256)
            .Take());
}

void JournalLog::Write(std::string line) {
  if (file_.is_open()) file_ << line << '\n' << std::flush;
  for (const auto& [number, follower] : followers_) follower(seq_, line);
  if (!keeping_) return;
  kept_.push_back(std::move(line));
  if (kept_.size() > kKept) kept_.pop_front();
}

}  // namespace fake_containerd
