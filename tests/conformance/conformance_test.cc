// Every case over every transport: loopback under many seeds, gRPC in process, gRPC over a unix
// socket with FIFOs and files.
#include <ostream>
#include <string>

#include <gtest/gtest.h>

#include "tests/conformance/case.h"

namespace drydock_tests {

void PrintTo(const Case& tested, std::ostream* out) {
  *out << tested.name;
}

namespace {

constexpr std::uint64_t kSeeds = 30;

std::string NameOf(const ::testing::TestParamInfo<Case>& info) {
  return info.param.name;
}

void RunCase(const Case& tested, Transport transport, std::uint64_t seed) {
  RigOptions options = tested.options();
  options.transport = transport;
  options.seed = seed;
  Rig rig(options);
  tested.run(rig);
  rig.Finish();
}

class Loopback : public ::testing::TestWithParam<Case> {};
TEST_P(Loopback, Holds) {
  for (std::uint64_t seed = 1; seed <= kSeeds && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RunCase(GetParam(), Transport::kLoopback, seed);
  }
}
INSTANTIATE_TEST_SUITE_P(Conformance, Loopback, ::testing::ValuesIn(AllCases()), NameOf);

#ifdef DRYDOCK_HAS_GRPC
class InProcess : public ::testing::TestWithParam<Case> {};
TEST_P(InProcess, Holds) {
  RunCase(GetParam(), Transport::kInProcess, 0);
}
INSTANTIATE_TEST_SUITE_P(Conformance, InProcess, ::testing::ValuesIn(AllCases()), NameOf);

class Socket : public ::testing::TestWithParam<Case> {};
TEST_P(Socket, Holds) {
  RunCase(GetParam(), Transport::kSocket, 0);
}
INSTANTIATE_TEST_SUITE_P(Conformance, Socket, ::testing::ValuesIn(AllCases()), NameOf);
#endif

}  // namespace
}  // namespace drydock_tests
