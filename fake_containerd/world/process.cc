#include "fake_containerd/world/process.h"

#include <algorithm>
#include <utility>

#include "fake_containerd/pattern.h"
#include "fake_containerd/world/signals.h"

namespace fake_containerd {

using libcontainerd::Awaitable;
using libcontainerd::OneShot;
using libcontainerd::Unit;

namespace {

constexpr std::uint32_t kKilledStatus = 128 + kSigKill;
constexpr std::size_t kReadSize = 65536;

bool StopsByDefault(std::uint32_t signal) {
  return signal >= kSigStop && signal <= 22;
}
bool IgnoredByDefault(std::uint32_t signal) {
  return signal == 17 || signal == kSigCont || signal == 23 || signal == 28;
}

StdioStream AsStdio(OutputStream stream) {
  return stream == OutputStream::kStdout ? StdioStream::kStdout : StdioStream::kStderr;
}

}  // namespace

SimulatedProcess::SimulatedProcess(Runtime& runtime, WorldObserver* observer, SharedKey container,
                                   ProcessInfo info, Behaviour behaviour,
                                   std::unique_ptr<ProcessStreams> streams,
                                   std::unique_ptr<Owner> owner)
    : runtime_(runtime),
      observer_(observer),
      container_(std::move(container)),
      info_(std::move(info)),
      steps_(std::move(behaviour.steps)),
      streams_(std::move(streams)),
      owner_(std::move(owner)) {
  if (!behaviour.signals.empty()) rare_.Make().signals = std::move(behaviour.signals);
  if (info_.spec.terminal) outputs_[1].closed = true;
}

std::shared_ptr<SimulatedProcess> SimulatedProcess::Gone(Runtime& runtime, SharedKey container,
                                                         ProcessInfo info, std::uint32_t status) {
  auto process = std::make_shared<SimulatedProcess>(runtime, nullptr, std::move(container),
                                                    std::move(info), Behaviour(), nullptr, nullptr);
  process->dead_ = true;
  process->released_ = true;
  process->status_ = status;
  for (Output& out : process->outputs_) out.closed = true;
  return process;
}

void SimulatedProcess::Start() {
  if (observer_ != nullptr) observer_->OnProcessStarted(*container_, info_.name, info_.system_pid);
  libcontainerd::Spawn(runtime_, RunScript(shared_from_this()));
}

void SimulatedProcess::Abandon() {
  abandoned_ = true;
  dead_ = true;
  observer_ = nullptr;
  owner_.reset();
  when_released_.clear();
  CancelTimers();
  KillChildren();
  Wake();
  for (Output& out : outputs_) {
    for (const Pending& pending : std::exchange(out.queue, {})) pending.done->Set(Unit());
    out.closed = true;
  }
  streams_.reset();
}

void SimulatedProcess::WhenReleased(libcontainerd::UniqueFunction<void()> then) {
  if (released_) {
    then();
  } else {
    when_released_.push_back(std::move(then));
  }
}

void SimulatedProcess::AppendPids(std::vector<std::uint32_t>& pids) const {
  if (!dead_) pids.push_back(info_.system_pid);
  for (const auto& [pid, child] : rare_->children) pids.push_back(pid);
}

ProcessActivity SimulatedProcess::Activity() const {
  const auto total = [](const Sha256& digest) {
    return StreamTotal{.bytes = digest.total_bytes(), .sha256 = digest.Hex()};
  };
  return {.terminal_width = rare_->terminal_width,
          .terminal_height = rare_->terminal_height,
          .resizes = rare_->resizes,
          .in = total(stdin_digest_),
          .out = total(outputs_[0].digest),
          .err = total(outputs_[1].digest)};
}

void SimulatedProcess::Resize(std::uint32_t width, std::uint32_t height) {
  Rarities& rare = rare_.Make();
  rare.terminal_width = width;
  rare.terminal_height = height;
  ++rare.resizes;
  if (observer_ != nullptr) {
    observer_->OnTerminalResized(*container_, info_.name, width, height, rare.resizes);
  }
}

void SimulatedProcess::Signal(std::uint32_t signal) {
  if (dead_ || signal == 0) return;
  if (frozen_) {
    rare_.Make().pending_signals.push_back(signal);
    return;
  }
  Deliver(signal);
}

void SimulatedProcess::Deliver(std::uint32_t signal) {
  if (dead_) return;
  if (signal == kSigKill) return End(kKilledStatus);
  if (signal == kSigCont && stopped_) {
    stopped_ = false;
    Thaw();
    if (dead_) return;
  }
  if (stopped_) {
    rare_.Make().pending_signals.push_back(signal);
    return;
  }
  const auto handler = rare_->signals.find(signal);
  if (handler != rare_->signals.end() && signal != kSigStop) return Handle(handler->second);
  if (IgnoredByDefault(signal)) return;
  if (StopsByDefault(signal)) {
    stopped_ = true;
    return;
  }
  End(128 + signal);
}

void SimulatedProcess::Handle(const SignalHandler& handler) {
  if (handler.action == SignalHandler::Action::kIgnore) return;
  if (handler.delay == Duration::zero()) return Exit(handler.code);
  rare_.Make().timers.push_back(runtime_.StartTimer(
      handler.delay, [self = shared_from_this(), code = handler.code] { self->Exit(code); }));
}

void SimulatedProcess::Freeze() {
  frozen_ = true;
}

void SimulatedProcess::Thaw() {
  frozen_ = false;
  Rarities* const rare = rare_.IfMade();
  if (stopped_) {
    // A stopped process hears nothing but the signals that need no consent.
    if (rare != nullptr && std::erase(rare->pending_signals, kSigKill) > 0) End(kKilledStatus);
    return;
  }
  if (rare != nullptr) {
    for (const std::uint32_t signal : std::exchange(rare->pending_signals, {})) Deliver(signal);
    if (rare->exit_at_thaw && !dead_) End(*rare->exit_at_thaw);
    std::vector<std::uint32_t> due;
    for (const auto& [pid, child] : rare->children) {
      if (child.due) due.push_back(pid);
    }
    for (const std::uint32_t pid : due) EndChild(pid);
  }
  Wake();
}

void SimulatedProcess::Exit(std::uint32_t code) {
  if (dead_) return;
  if (halted()) {
    rare_.Make().exit_at_thaw = code;
  } else {
    End(code);
  }
}

void SimulatedProcess::Kill() {
  KillChildren();
  if (!dead_) End(kKilledStatus);
}

void SimulatedProcess::OomKill() {
  if (dead_) return;
  if (owner_) owner_->Oom(/*child=*/false);
  if (!dead_) End(kKilledStatus);
}

void SimulatedProcess::End(std::uint32_t status) {
  const auto self = shared_from_this();  // the hook may let go of the last other owner
  dead_ = true;
  status_ = status;
  CancelTimers();
  if (observer_ != nullptr) observer_->OnProcessEnded(*container_, info_.name, status);
  Wake();
  if (owner_) owner_->Ended();
  MaybeRelease();
}

void SimulatedProcess::CancelTimers() {
  if (rare_->timers.empty()) return;
  for (const libcontainerd::TimerId timer : std::exchange(rare_.Make().timers, {})) {
    runtime_.CancelTimer(timer);
  }
}

void SimulatedProcess::EndChild(std::uint32_t pid) {
  if (rare_->children.empty()) return;
  std::map<std::uint32_t, Child>& children = rare_.Make().children;
  const auto found = children.find(pid);
  if (found == children.end()) return;
  if (frozen_) {
    found->second.due = true;
    return;
  }
  if (!found->second.output.empty()) Enqueue(OutputStream::kStdout, found->second.output);
  children.erase(found);
  MaybeRelease();
}

void SimulatedProcess::KillChildren() {
  if (!rare_->children.empty()) {
    for (const auto& [pid, child] : std::exchange(rare_.Make().children, {})) {
      if (child.timer) runtime_.CancelTimer(*child.timer);
    }
  }
  MaybeRelease();
}

void SimulatedProcess::ReleaseChildren() {
  std::vector<std::uint32_t> pids;
  for (const auto& [pid, child] : rare_->children) {
    if (child.timer) runtime_.CancelTimer(*child.timer);
    pids.push_back(pid);
  }
  for (const std::uint32_t pid : pids) EndChild(pid);
}

void SimulatedProcess::Write(OutputStream stream, std::string data) {
  Enqueue(stream, std::move(data));
}

void SimulatedProcess::GiveCue(const std::string& name) {
  rare_.Make().cues[name] = true;
  Wake();
}

void SimulatedProcess::CloseStdin() {
  if (streams_) streams_->CloseStdin();
}

void SimulatedProcess::Wake() {
  if (const Done wait = std::exchange(wait_, nullptr)) wait->Set(Unit());
}

Awaitable<void> SimulatedProcess::Suspend() {
  const Done wait = std::make_shared<OneShot<Unit>>(runtime_);
  wait_ = wait;
  co_await wait->Wait();
}

Awaitable<void> SimulatedProcess::Thawed() {
  while (halted() && !dead_) co_await Suspend();
}

Awaitable<void> SimulatedProcess::RunScript(std::shared_ptr<SimulatedProcess> self) {
  (void)self;  // kept in the frame: the process lives for as long as its script is suspended
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    co_await Thawed();
    if (dead_) co_return;
    Awaitable<void> running = std::visit([this](const auto& step) { return Run(step); }, steps_[i]);
    co_await std::move(running);
    if (dead_) co_return;
  }
}

Awaitable<void> SimulatedProcess::Run(step::Write step) {
  if (step.data.empty()) co_return;
  std::uint64_t left = step.times;
  while (left > 0 && !dead_) {
    // Small pieces go together, as a program's buffered output does.
    const std::uint64_t room = std::max<std::uint64_t>(1, kReadSize / step.data.size());
    const std::uint64_t count = std::min(left, room);
    std::string data;
    data.reserve(step.data.size() * count);
    for (std::uint64_t i = 0; i < count; ++i) data += step.data;
    left -= count;
    co_await WriteAndWait(step.stream, std::move(data));
    co_await Thawed();
  }
}

Awaitable<void> SimulatedProcess::Run(step::WritePattern step) {
  for (std::uint64_t offset = 0; offset < step.bytes && !dead_;) {
    const std::uint64_t count = std::min<std::uint64_t>(kReadSize, step.bytes - offset);
    std::string data = PatternBytes(step.seed, offset, static_cast<std::size_t>(count));
    offset += count;
    co_await WriteAndWait(step.stream, std::move(data));
    co_await Thawed();
  }
}

Awaitable<void> SimulatedProcess::Run(step::EchoStdin) {
  co_await CopyStdin(/*echo=*/true);
}

Awaitable<void> SimulatedProcess::Run(step::ReadStdin) {
  co_await CopyStdin(/*echo=*/false);
}

Awaitable<void> SimulatedProcess::CopyStdin(bool echo) {
  while (!dead_ && !stdin_ended_) {
    libcontainerd::Result<std::string> data = co_await streams_->ReadStdin(kReadSize);
    co_await Thawed();
    if (dead_ || !data) co_return;
    if (data->empty()) {
      stdin_ended_ = true;
      const std::uint64_t total = stdin_digest_.total_bytes();
      const std::string digest = stdin_digest_.Hex();
      if (observer_ != nullptr) {
        observer_->OnStdioEnd(*container_, info_.name, StdioStream::kStdin, total, digest);
      }
      co_return;
    }
    stdin_digest_.Update(*data);
    if (observer_ != nullptr) {
      observer_->OnStdioBytes(*container_, info_.name, StdioStream::kStdin, *data);
    }
    if (echo) co_await WriteAndWait(OutputStream::kStdout, std::move(*data));
  }
}

Awaitable<void> SimulatedProcess::Run(step::Wait step) {
  auto passed = std::make_shared<bool>(false);
  const libcontainerd::TimerId timer =
      runtime_.StartTimer(step.duration, [self = shared_from_this(), passed] {
        *passed = true;
        self->Wake();
      });
  rare_.Make().timers.push_back(timer);
  while (!*passed && !dead_) co_await Suspend();
  std::erase(rare_.Make().timers, timer);
}

Awaitable<void> SimulatedProcess::Run(step::AwaitCue step) {
  while (!rare_->cues.contains(step.name) && !dead_) co_await Suspend();
}

Awaitable<void> SimulatedProcess::Run(step::CloseOutput step) {
  const OutputStream stream = Routed(step.stream);
  output(stream).closing = true;
  Finish(stream);
  co_return;
}

Awaitable<void> SimulatedProcess::Run(step::SpawnChildren step) {
  for (std::uint32_t i = 0; i < step.count; ++i) {
    const std::uint32_t pid = owner_->NextPid();
    Child child{.timer = std::nullopt, .due = false, .output = step.output};
    if (step.lifetime) {
      child.timer = runtime_.StartTimer(*step.lifetime,
                                        [self = shared_from_this(), pid] { self->EndChild(pid); });
    }
    rare_.Make().children.emplace(pid, std::move(child));
  }
  co_return;
}

Awaitable<void> SimulatedProcess::Run(step::Exit step) {
  Exit(step.code);
  co_return;
}

Awaitable<void> SimulatedProcess::Run(step::Die step) {
  End(128 + step.signal);
  co_return;
}

Awaitable<void> SimulatedProcess::Run(step::Oom step) {
  if (!step.child) {
    OomKill();
  } else if (owner_) {
    owner_->Oom(/*child=*/true);
  }
  co_return;
}

Awaitable<void> SimulatedProcess::WriteAndWait(OutputStream stream, std::string data) {
  const Done done = Enqueue(stream, std::move(data));
  co_await done->Wait();
}

OutputStream SimulatedProcess::Routed(OutputStream stream) const {
  return info_.spec.terminal ? OutputStream::kStdout : stream;
}

SimulatedProcess::Done SimulatedProcess::Enqueue(OutputStream stream, std::string data) {
  Done done = std::make_shared<OneShot<Unit>>(runtime_);
  stream = Routed(stream);
  Output& out = output(stream);
  if (out.closed || out.closing || data.empty()) {
    done->Set(Unit());
    return done;
  }
  out.queue.push_back({std::move(data), done});
  if (!std::exchange(out.pumping, true)) {
    libcontainerd::Spawn(runtime_, Pump(shared_from_this(), stream));
  }
  return done;
}

Awaitable<void> SimulatedProcess::Pump(std::shared_ptr<SimulatedProcess> self,
                                       OutputStream stream) {
  (void)self;  // kept in the frame, as in RunScript
  Output& out = output(stream);
  while (!out.queue.empty()) {
    Pending pending = std::move(out.queue.front());
    out.queue.pop_front();
    out.digest.Update(pending.data);
    if (observer_ != nullptr) {
      observer_->OnStdioBytes(*container_, info_.name, AsStdio(stream), pending.data);
    }
    if (owner_ && owner_->LosesLastByte() && pending.data.size() > 1) pending.data.pop_back();
    // Fails only when abandoned: death does not stop what is already in the pipe.
    const libcontainerd::Status written = co_await streams_->Write(stream, std::move(pending.data));
    pending.done->Set(Unit());
    if (!written && abandoned_) co_return;
  }
  out.pumping = false;
  Finish(stream);
  MaybeRelease();
}

void SimulatedProcess::Finish(OutputStream stream) {
  Output& out = output(stream);
  if (out.closed || out.pumping || !out.closing) return;
  out.closed = true;
  if (observer_ != nullptr) {
    observer_->OnStdioEnd(*container_, info_.name, AsStdio(stream), out.digest.total_bytes(),
                          out.digest.Hex());
  }
  if (streams_) streams_->CloseOutput(stream);
}

void SimulatedProcess::MaybeRelease() {
  if (!dead_ || released_ || abandoned_ || !rare_->children.empty()) return;
  for (Output& out : outputs_) {
    if (out.pumping) return;
  }
  released_ = true;
  for (const OutputStream stream : {OutputStream::kStdout, OutputStream::kStderr}) {
    output(stream).closing = true;
    Finish(stream);
  }
  streams_.reset();
  if (owner_) owner_->Released();
  for (auto& then : std::exchange(when_released_, {})) then();
}

}  // namespace fake_containerd
