#include "lib/core/stdin_closer.h"

#include <utility>

#include "lib/core/daemon_errors.h"

namespace libcontainerd {

class StdinCloser::Writer final : public StdinWriter {
 public:
  explicit Writer(std::shared_ptr<StdinCloser> closer) : closer_(std::move(closer)) {}
  ~Writer() override {
    Runtime& runtime = closer_->context_->runtime;
    runtime.Post([closer = std::move(closer_)] {
      if (!closer->closed_) closer->context_->scope->Spawn(CloseDeferred(closer));
    });
  }
  Awaitable<Status> Write(std::string data) override {
    return StdinCloser::Write(closer_, std::move(data));
  }
  Awaitable<Status> Close() override { return StdinCloser::Close(closer_); }

 private:
  std::shared_ptr<StdinCloser> closer_;
};

StdinCloser::StdinCloser(std::shared_ptr<const Context> context, std::string id,
                         std::string process, std::unique_ptr<StdinWriter> local)
    : context_(std::move(context)),
      id_(std::move(id)),
      process_(std::move(process)),
      local_(std::move(local)) {}

std::unique_ptr<StdinWriter> StdinCloser::MakeWriter() {
  return std::make_unique<Writer>(shared_from_this());
}

void StdinCloser::Started() {
  was_started_ = true;
  if (fate_ != Fate::kPending) return;
  fate_ = Fate::kStarted;
  if (closed_) context_->scope->Spawn(CloseDeferred(shared_from_this()));
}

void StdinCloser::Failed() {
  if (fate_ == Fate::kFailed) return;
  fate_ = Fate::kFailed;
  // The reference closes the FIFOs itself, and each closing of stdin goes to the daemon.
  const bool twice = !context_->reference.Acts(Deviation::kCloseStdinAfterSuccess);
  if (twice && closed_ && !detached_) context_->scope->Spawn(CloseDeferred(shared_from_this()));
  if (closed_) context_->scope->Spawn(CloseDeferred(shared_from_this()));
}

void StdinCloser::Gone() {
  fate_ = Fate::kGone;
}

void StdinCloser::Detach() {
  detached_ = true;
}

// The local end may stay open for longer than the engine's.
Awaitable<Status> StdinCloser::Write(Self self, std::string data) {
  if (self->closed_) co_return Fail(ErrorCode::kCancelled, "stream closed");
  co_return co_await self->local_->Write(std::move(data));
}

Awaitable<Status> StdinCloser::Close(Self self) {
  if (self->closed_) co_return Status();
  self->closed_ = true;
  // Before the reply the daemon would refuse: Started() or Failed() does the rest. The local end
  // itself waits for the process to open its own.
  const bool early = self->context_->reference.Has(Mutant::kCloseStdinBeforeReply);
  if (self->fate_ == Fate::kPending && !early) co_return co_await self->local_->Close();
  co_return co_await CloseNow(self);
}

Awaitable<Status> StdinCloser::CloseNow(Self self) {
  Status local = co_await self->local_->Close();
  if (!self->MayTell()) co_return local;
  Status told = co_await TellDaemon(self);
  if (self->context_->reference.Has(Mutant::kCloseStdinTwice)) told = co_await TellDaemon(self);
  co_return local ? told : local;
}

Awaitable<void> StdinCloser::CloseDeferred(Self self) {
  const bool waits_for_reply = self->fate_ == Fate::kPending;
  self->closed_ = true;
  // Nobody waits for this closing; the process's own end reports what matters.
  if (waits_for_reply) {
    static_cast<void>(co_await self->local_->Close());
  } else {
    static_cast<void>(co_await CloseNow(self));
  }
  // An engine may drop a pipe after its client is gone; then `self` is the last to hold the scope,
  // which still has to take note of this coroutine's end.
  self->context_->runtime.Post([self] {});
}

bool StdinCloser::MayTell() const {
  if (detached_) return false;
  const ReferenceBehaviour& reference = context_->reference;
  switch (fate_) {
    case Fate::kPending:
      return reference.Has(Mutant::kCloseStdinBeforeReply);
    case Fate::kStarted:
      return !reference.Has(Mutant::kStdinCloseLost);
    case Fate::kFailed:
      return !reference.Acts(Deviation::kCloseStdinAfterSuccess);
    case Fate::kGone:
      return was_started_ && !reference.Acts(Deviation::kSilentAfterExit);
  }
  return false;
}

Awaitable<Status> StdinCloser::TellDaemon(Self self) {
  types::UpdateProcessRequest request;
  request.set_id(self->id_);
  request.set_pid(self->process_);
  request.set_closestdin(true);
  auto reply = co_await self->context_->tell_daemon(std::move(request));
  if (reply) co_return Status();
  // The process ended meanwhile: its stdin is as closed as can be.
  const Error& error = reply.error();
  const bool process_ended = SaysContainerNotFound(error) || SaysProcessNotFound(error) ||
                             SaysControlFileClosed(error) ||
                             (self->fate_ == Fate::kGone && error.code == ErrorCode::kUnknown);
  if (process_ended) co_return Status();
  co_return Fail(error);
}

}  // namespace libcontainerd
