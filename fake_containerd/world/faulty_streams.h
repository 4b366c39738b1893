// FaultyStreams: a process's streams with what the fault plan does at fifo.write and fifo.close.
//
// Threads: the executor's. It may outlive the world: then nothing goes wrong any more.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "fake_containerd/injector.h"
#include "fake_containerd/world/process.h"
#include "fake_containerd/world/process_io.h"

namespace fake_containerd {

// Those that a fault holds open though their process closed them; by number. The world's.
struct HeldOpenStreams {
  std::uint64_t last = 0;
  std::map<std::uint64_t, std::shared_ptr<ProcessStreams>> streams;
};

class FaultyStreams final : public ProcessStreams {
 public:
  // The runtime outlives it.
  FaultyStreams(Runtime& runtime, std::unique_ptr<ProcessStreams> streams,
                std::shared_ptr<Injector> injector, SharedKey container, std::string process,
                std::weak_ptr<HeldOpenStreams> held_open);
  ~FaultyStreams() override;

  libcontainerd::Awaitable<libcontainerd::Status> Write(OutputStream stream,
                                                        std::string data) override;
  void CloseOutputs() override;
  void CloseOutput(OutputStream stream) override;
  void CloseStdin() override;
  libcontainerd::Awaitable<libcontainerd::Result<std::string>> ReadStdin(
      std::size_t max_bytes) override;

 private:
  InjectionSubject subject() const { return {container_->id, process_}; }
  // True when a fault keeps the outputs open.
  bool KeepsOpen();
  static libcontainerd::Awaitable<libcontainerd::Status> WriteWithFaults(
      std::shared_ptr<ProcessStreams> streams, std::shared_ptr<Injector> injector,
      InjectionSubject subject, OutputStream stream, std::string data);

  Runtime& runtime_;
  const std::shared_ptr<ProcessStreams> streams_;
  const std::shared_ptr<Injector> injector_;
  const SharedKey container_;
  const std::string process_;
  const std::weak_ptr<HeldOpenStreams> held_open_;
  bool outputs_closed_ = false;
  bool kept_ = false;
};

}  // namespace fake_containerd
