// Lists of actions against client and fake. An input is a scenario file's text, so what fails is a
// scenario already: `drydock run ARTEFACT` runs it, and it can be kept in scenarios/library.
//
// Every guarantee is judged; one that is broken, an exception that escaped, and client and fake
// going round and round while time stands still are failures. The custom mutator
// (scenario_mutator.h) makes every new input a scenario again.
//
// Not covered: real transports, FIFOs and threads (everything runs over loopback in virtual time),
// whether results and callbacks are those that somebody expects, calls from inside callbacks,
// events that are not true, mutants and the reference's own behaviour (which the input cannot
// switch on), and inputs beyond the limits of action_input.h.
//
// The canary is this file with a defect of the client planted (DRYDOCK_CANARY, docs/mutants.md): a
// search that does not find it is blind.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "fuzz/action_input.h"
#include "fuzz/scenario_mutator.h"

namespace {

#ifdef DRYDOCK_CANARY
const std::vector<std::string> kMutants = {DRYDOCK_CANARY};
#else
const std::vector<std::string> kMutants = {};
#endif

std::string Text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

std::size_t Put(const std::string& text, std::uint8_t* out) {
  std::ranges::copy(text, out);
  return text.size();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto scenario = fuzz::Admit(Text(data, size));
  if (!scenario) return 0;
  const std::string failure = fuzz::FailureOf(fuzz::RunInput(*scenario, kMutants));
  if (failure.empty()) return 0;
  // The canary stops at nothing but what the planted defect does.
  if (!kMutants.empty() && !fuzz::FailureOf(fuzz::RunInput(*scenario)).empty()) return 0;
  std::cerr << failure << std::flush;
  std::abort();
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned int seed) {
  return Put(fuzz::MutateText(Text(data, size), most, seed), data);
}

extern "C" std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* data1, std::size_t size1,
                                                 const std::uint8_t* data2, std::size_t size2,
                                                 std::uint8_t* out, std::size_t most,
                                                 unsigned int seed) {
  return Put(fuzz::SpliceTexts(Text(data1, size1), Text(data2, size2), most, seed), out);
}
