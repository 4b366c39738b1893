#include "libcontainerd/containerd_api.h"

#include <array>

namespace libcontainerd {
namespace {

constexpr std::array<std::string_view, kMethodCount> kRpcNames = {"GetServerVersion",
                                                                  "CreateContainer",
                                                                  "UpdateContainer",
                                                                  "Signal",
                                                                  "UpdateProcess",
                                                                  "AddProcess",
                                                                  "CreateCheckpoint",
                                                                  "DeleteCheckpoint",
                                                                  "ListCheckpoint",
                                                                  "State",
                                                                  "Stats"};

}  // namespace

std::string_view MethodName(Method method) {
  return kRpcNames.at(static_cast<std::size_t>(method));
}

}  // namespace libcontainerd
