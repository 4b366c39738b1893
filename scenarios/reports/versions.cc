#include "scenarios/reports/versions.h"

namespace scenarios {
namespace {

// clang's is "16.0.0", g++'s the sentence "12.2.0" without its name.
std::string Compiler() {
#ifdef __clang__
  return "clang " + std::to_string(__clang_major__) + "." + std::to_string(__clang_minor__) + "." +
         std::to_string(__clang_patchlevel__);
#else
  return "g++ " __VERSION__;
#endif
}

}  // namespace

std::string_view DrydockVersion() {
  return DRYDOCK_VERSION;
}

std::string_view ReleaseDate() {
  return "2026-11-24";
}

std::map<std::string, std::string> Versions() {
  std::map<std::string, std::string> versions{{"drydock", DRYDOCK_VERSION},
                                              {"compiler", Compiler()}};
#ifdef DRYDOCK_GRPC_VERSION
  versions["grpc"] = DRYDOCK_GRPC_VERSION;
#endif
  versions["protobuf"] = DRYDOCK_PROTOBUF_VERSION;
  return versions;
}

}  // namespace scenarios
