#include "lib/core/stdin_closer.h"

#include <utility>

#include <asio/post.hpp>

#include "lib/core/daemon_errors.h"

namespace libcontainerd {

class StdinCloser::Writer final : public StdinWriter {
 public:
  explicit Writer(std::shared_ptr<StdinCloser> closer) : closer_(std::move(closer)) {}
  ~Writer() override {
    Runtime& runtime = closer_->context_.runtime;
    asio::post(runtime.executor(), [closer = std::move(closer_)] {
      if (!closer->closed_) closer->context_.scope->Spawn(closer->CloseDeferred());
    });
  }
  Awaitable<Status> Write(std::string data) override {
    return closer_->local_->Write(std::move(data));
  }
  Awaitable<Status> Close() override { return closer_->Close(); }

 private:
  std::shared_ptr<StdinCloser> closer_;
};

StdinCloser::StdinCloser(Context context, std::string id, std::string process,
                         std::unique_ptr<StdinWriter> local)
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
  if (closed_) context_.scope->Spawn(CloseDeferred());
}

void StdinCloser::Failed() {
  if (fate_ == Fate::kFailed) return;
  fate_ = Fate::kFailed;
  if (closed_) context_.scope->Spawn(CloseDeferred());
}

void StdinCloser::Gone() {
  fate_ = Fate::kGone;
}

void StdinCloser::Detach() {
  detached_ = true;
}

Awaitable<Status> StdinCloser::Close() {
  const std::shared_ptr<StdinCloser> self = shared_from_this();
  if (closed_) co_return Status();
  closed_ = true;
  // Before the reply the daemon would refuse, and the local end must stay open until the process
  // has opened its own: Started() or Failed() does the rest.
  if (fate_ == Fate::kPending) co_return Status();
  co_return co_await CloseNow();
}

Awaitable<Status> StdinCloser::CloseNow() {
  Status local = co_await local_->Close();
  if (!MayTell()) co_return local;
  Status told = co_await TellDaemon();
  co_return local ? told : local;
}

Awaitable<void> StdinCloser::CloseDeferred() {
  const std::shared_ptr<StdinCloser> self = shared_from_this();
  if (!closed_ && fate_ == Fate::kPending) {
    closed_ = true;  // the engine let go of the pipe before the reply
    co_return;
  }
  closed_ = true;
  // Nobody waits for this closing; the process's own end reports what matters.
  static_cast<void>(co_await CloseNow());
}

bool StdinCloser::MayTell() const {
  if (detached_) return false;
  const ReferenceBehaviour& reference = context_.reference;
  switch (fate_) {
    case Fate::kPending:
      return false;
    case Fate::kStarted:
      return true;
    case Fate::kFailed:
      return !reference.Acts(Deviation::kCloseStdinAfterSuccess);
    case Fate::kGone:
      return was_started_ && !reference.Acts(Deviation::kSilentAfterExit);
  }
  return false;
}

Awaitable<Status> StdinCloser::TellDaemon() {
  types::UpdateProcessRequest request;
  request.set_id(id_);
  request.set_pid(process_);
  request.set_closestdin(true);
  auto reply = co_await context_.tell_daemon(std::move(request));
  if (reply) co_return Status();
  // The process ended meanwhile: its stdin is as closed as can be.
  const Error& error = reply.error();
  const bool process_ended = SaysContainerNotFound(error) || SaysProcessNotFound(error) ||
                             SaysControlFileClosed(error) ||
                             (fate_ == Fate::kGone && error.code == ErrorCode::kUnknown);
  if (process_ended) co_return Status();
  co_return Fail(error);
}

}  // namespace libcontainerd
