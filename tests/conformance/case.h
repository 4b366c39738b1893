// The cases of the conformance suite: one list, run over every transport. Each is about one
// behaviour of the client, whatever carries its calls.
#pragma once

#include <vector>

#include "tests/conformance/rig.h"

namespace drydock_tests {

struct Case {
  const char* name;
  void (*run)(Rig& rig);
  // What differs from the default; transport and seed are the suite's.
  RigOptions (*options)() = [] { return RigOptions(); };
};

std::vector<Case> LifeCases();
std::vector<Case> ExecCases();
std::vector<Case> EventCases();
std::vector<Case> FailureCases();
std::vector<Case> CallCases();
std::vector<Case> RestoreCases();
std::vector<Case> ReconcileCases();
std::vector<Case> CheckpointCases();
std::vector<Case> StdioCases();
std::vector<Case> MappedRootCases();

inline std::vector<Case> AllCases() {
  std::vector<Case> all;
  for (const auto& cases :
       {LifeCases(), ExecCases(), EventCases(), FailureCases(), CallCases(), CheckpointCases(),
        StdioCases(), MappedRootCases(), ReconcileCases(), RestoreCases()}) {
    all.insert(all.end(), cases.begin(), cases.end());
  }
  return all;
}

}  // namespace drydock_tests
