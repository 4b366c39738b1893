#include "scenarios/replay/replay_engine.h"

#include <algorithm>
#include <utility>

#include "libcontainerd/async.h"

namespace scenarios {

using libcontainerd::Awaitable;
using libcontainerd::Done;
using libcontainerd::Status;

namespace {

constexpr std::size_t kReadSize = 32768;

}  // namespace

ReplayEngine::ReplayEngine(libcontainerd::Runtime& runtime, const ReplayPlan& plan)
    : runtime_(runtime), plan_(plan) {}

ReplayEngine::~ReplayEngine() = default;

void ReplayEngine::CallBegun(std::size_t call) {
  const PlannedCall& planned = plan_.calls[call];
  if (planned.kind == CallKind::kRestore) restoring_.insert(planned.id);
  if (planned.kind == CallKind::kCreate || planned.kind == CallKind::kRestore) {
    begun_[{planned.id, std::string(libcontainerd::kInitProcess)}].push_back(call);
  } else if (planned.kind == CallKind::kAddProcess) {
    begun_[{planned.id, planned.process}].push_back(call);
  }
}

void ReplayEngine::CallEnded(std::size_t call) {
  for (auto& [process, calls] : begun_) std::erase(calls, call);
  if (plan_.calls[call].kind == CallKind::kRestore) restoring_.erase(plan_.calls[call].id);
}

void ReplayEngine::StateChanged(const std::string& id, const libcontainerd::StateInfo& info,
                                Done done) {
  if (info.state == libcontainerd::ContainerState::kStart) {
    const auto started = last_attached_.find({id, std::string(libcontainerd::kInitProcess)});
    if (started != last_attached_.end() && plan_.calls[started->second].start_error) {
      return done(
          libcontainerd::Fail(ErrorCode::kUnknown, *plan_.calls[started->second].start_error));
    }
  }
  done(Status());
}

void ReplayEngine::AttachStreams(const std::string& id, const std::string& process,
                                 libcontainerd::IoPipe pipe, Done done) {
  const ProcessName name(id, process);
  std::deque<std::size_t>& calls = begun_[name];
  const bool exec = process != libcontainerd::kInitProcess;
  if (calls.empty() && exec && restoring_.contains(id)) {
    // The reference does not take execs over, so the recording has nothing to compare with.
    Spawn(runtime_, Discard(std::move(pipe.out)));
    Spawn(runtime_, Discard(std::move(pipe.err)));
    return done(Status());
  }
  if (calls.empty()) {
    return done(
        libcontainerd::Fail(ErrorCode::kInternal, "an attach that no planned call explains"));
  }
  const std::size_t call = calls.front();
  calls.pop_front();
  last_attached_[name] = call;
  const PlannedCall& planned = plan_.calls[call];
  if (planned.attach_error) {
    return done(libcontainerd::Fail(ErrorCode::kUnknown, *planned.attach_error));
  }
  attached_[call];
  readers_running_ += 2;
  Spawn(runtime_, ReadToEnd(std::move(pipe.out), call, 0));
  Spawn(runtime_, ReadToEnd(std::move(pipe.err), call, 1));
  std::shared_ptr<libcontainerd::StdinWriter> writer = std::move(pipe.in);
  if (planned.close_stdin_at_attach) {
    Spawn(runtime_, Close(writer));
  } else {
    stdins_[call] = writer;
  }
  done(Status());
}

Awaitable<void> ReplayEngine::Discard(std::shared_ptr<libcontainerd::OutputReader> reader) {
  readers_.push_back(reader);
  while (true) {
    auto data = co_await reader->Read(kReadSize);
    if (!data || data->empty()) co_return;
  }
}

Awaitable<void> ReplayEngine::ReadToEnd(std::shared_ptr<libcontainerd::OutputReader> reader,
                                        std::size_t call, std::size_t index) {
  readers_.push_back(reader);
  fake_containerd::Sha256 digest;
  while (true) {
    auto data = co_await reader->Read(kReadSize);
    if (!data || data->empty()) {
      Output& output = attached_[call].outputs.at(index);
      output.ended = data.has_value();
      output.sha256 = digest.Hex();
      break;
    }
    digest.Update(*data);
    attached_[call].outputs.at(index).total += data->size();
  }
  --readers_running_;
}

void ReplayEngine::WriteStdin(const StdinAction& action) {
  const auto call = last_attached_.find({action.container, action.process});
  if (call == last_attached_.end() || !stdins_.contains(call->second)) return;
  attached_[call->second].stdin_written += action.data;
  ++writes_running_;
  Spawn(runtime_, Write(stdins_[call->second], action.data));
}

Awaitable<void> ReplayEngine::Write(std::shared_ptr<libcontainerd::StdinWriter> writer,
                                    std::string data) {
  static_cast<void>(
      co_await writer->Write(std::move(data)));  // a lost byte shows in the comparison
  --writes_running_;
}

void ReplayEngine::CloseStdin(const StdinAction& action) {
  const auto call = last_attached_.find({action.container, action.process});
  if (call == last_attached_.end()) return;
  const auto writer = stdins_.find(call->second);
  if (writer == stdins_.end()) return;
  Spawn(runtime_, Close(writer->second));
  stdins_.erase(writer);
}

Awaitable<void> ReplayEngine::Close(std::shared_ptr<libcontainerd::StdinWriter> writer) {
  static_cast<void>(co_await writer->Close());  // what it sends, or not, shows on the wire
}

const ReplayEngine::Attached* ReplayEngine::attached(std::size_t call) const {
  const auto found = attached_.find(call);
  return found == attached_.end() ? nullptr : &found->second;
}

void ReplayEngine::Release() {
  stdins_.clear();
}

void ReplayEngine::Die() {
  Release();
  begun_.clear();
  restoring_.clear();
  last_attached_.clear();
  for (const auto& reader : std::exchange(readers_, {})) {
    if (const auto open = reader.lock()) open->Close();
  }
}

}  // namespace scenarios
