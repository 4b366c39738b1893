#include "fake_containerd/server_front.h"

#include <utility>

#include <grpcpp/server_posix.h>

#include "fake_containerd/on_executor.h"

namespace fake_containerd {

using libcontainerd::Status;

ServerFront::ServerFront(libcontainerd::Runtime& runtime, std::shared_ptr<Injector> injector)
    : runtime_(runtime), injector_(std::move(injector)) {}

ServerFront::~ServerFront() {
  OnExecutor(runtime_, [this] { relay_.reset(); });
}

Status ServerFront::Open(std::string path, grpc::Server& server) {
  Status opened;
  OnExecutor(runtime_, [&] {
    relay_ = std::make_unique<Relay>(runtime_, injector_, [&server](int descriptor) {
      grpc::AddInsecureChannelFromFd(&server, descriptor);
    });
    opened = relay_->Start(std::move(path));
    if (!opened) relay_.reset();
  });
  return opened;
}

void ServerFront::Close() {
  OnExecutor(runtime_, [this] {
    if (relay_) relay_->StopListening();
  });
}

void ServerFront::Cut() {
  OnExecutor(runtime_, [this] {
    if (relay_) relay_->CutConnections();
  });
}

void ServerFront::Reconsider() {
  if (relay_) relay_->Reconsider();
}

}  // namespace fake_containerd
