// What a user of the library writes first: virtual time, a coroutine, a Result.
#include <chrono>
#include <iostream>
#include <string>

#include <libcontainerd/async.h>
#include <libcontainerd/containerd_api.h>
#include <libcontainerd/error.h>
#include <libcontainerd/memory_fifos.h>
#include <libcontainerd/simulated_runtime.h>

namespace lib = libcontainerd;

namespace {

lib::Awaitable<void> Talk(lib::Runtime& runtime, lib::MemoryFifos& fifos, std::string& heard) {
  const auto reader = fifos.OpenReader("/pipe").value();
  const auto writer = fifos.OpenWriter("/pipe").value();
  co_await lib::Sleep(runtime, std::chrono::hours(1));
  std::string word = "ahoy";
  const lib::Status written = co_await writer->Write(std::move(word));
  if (!written) co_return;
  const lib::Result<std::string> read = co_await reader->Read(100);
  heard = read.value_or("");
}

}  // namespace

int main() {
  lib::SimulatedRuntime runtime(1);
  lib::MemoryFifos fifos(runtime);
  fifos.Create("/pipe");
  std::string heard;
  lib::Spawn(runtime, Talk(runtime, fifos, heard));
  runtime.Run();

  types::CreateContainerRequest request;
  request.set_id("c1");
  const bool well = heard == "ahoy" && runtime.Now() == std::chrono::hours(1) &&
                    lib::MethodName(lib::Method::kCreateContainer) == "CreateContainer" &&
                    lib::ErrorCodeName(lib::ErrorCode::kNotFound) == "NOT_FOUND" &&
                    request.id() == "c1" && !runtime.failure();
  std::cout << (well ? "consumer: all well\n" : "consumer: something is wrong\n");
  return well ? 0 : 1;
}
