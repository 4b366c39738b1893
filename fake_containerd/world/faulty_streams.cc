#include "fake_containerd/world/faulty_streams.h"

#include <utility>

namespace fake_containerd {

using libcontainerd::Awaitable;
using libcontainerd::Result;
using libcontainerd::Status;

FaultyStreams::FaultyStreams(Runtime& runtime, std::unique_ptr<ProcessStreams> streams,
                             std::shared_ptr<Injector> injector, SharedKey container,
                             std::string process, std::weak_ptr<HeldOpenStreams> held_open)
    : runtime_(runtime),
      streams_(std::move(streams)),
      injector_(std::move(injector)),
      container_(std::move(container)),
      process_(std::move(process)),
      held_open_(std::move(held_open)) {}

FaultyStreams::~FaultyStreams() {
  CloseOutputs();
}

Awaitable<Status> FaultyStreams::Write(OutputStream stream, std::string data) {
  if (injector_->quiet()) return streams_->Write(stream, std::move(data));
  return WriteWithFaults(streams_, injector_, subject(), stream, std::move(data));
}

Awaitable<Status> FaultyStreams::WriteWithFaults(std::shared_ptr<ProcessStreams> streams,
                                                 std::shared_ptr<Injector> injector,
                                                 InjectionSubject subject, OutputStream stream,
                                                 std::string data) {
  Awaitable<Injector::Verdict> passing = injector->Passed("fifo.write", std::move(subject));
  // A daemon that dies is none of the shim's concern.
  const Injector::Verdict verdict = co_await std::move(passing);
  if (verdict.fault && verdict.fault->action == FaultAction::kCloseEarly) {
    streams->CloseOutputs();
    co_return Status();
  }
  if (verdict.fault) co_return Status();  // dropped: the process does not notice
  Awaitable<Status> writing = streams->Write(stream, std::move(data));
  co_return co_await std::move(writing);
}

void FaultyStreams::CloseOutputs() {
  if (std::exchange(outputs_closed_, true)) return;
  if (!KeepsOpen()) streams_->CloseOutputs();
}

void FaultyStreams::CloseOutput(OutputStream stream) {
  if (kept_ || !KeepsOpen()) streams_->CloseOutput(stream);
}

bool FaultyStreams::KeepsOpen() {
  if (kept_) return true;
  if (injector_->quiet()) return false;
  const std::optional<FaultTerm> fault = injector_->Draw("fifo.close", subject()).fault;
  const std::shared_ptr<HeldOpenStreams> held = held_open_.lock();
  if (!fault || !held) return false;
  kept_ = true;
  const std::uint64_t number = ++held->last;
  held->streams[number] = streams_;
  if (fault->duration == Duration::zero()) return true;  // for ever
  runtime_.StartTimer(fault->duration, [weak = held_open_, number] {
    const auto streams = weak.lock();
    if (!streams) return;
    const auto found = streams->streams.extract(number);
    if (!found.empty()) found.mapped()->CloseOutputs();
  });
  return true;
}

void FaultyStreams::CloseStdin() {
  streams_->CloseStdin();
}

Awaitable<Result<std::string>> FaultyStreams::ReadStdin(std::size_t max_bytes) {
  return streams_->ReadStdin(max_bytes);
}

}  // namespace fake_containerd
