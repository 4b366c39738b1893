// ExecAttempts: which exec exits the user is not owed. An exec that was started, but whose
// add-process failed all the same (its attach did, or its answer got lost), is killed and its exit
// absorbed. It may arrive
// before or after the call returned.
//
// A part of the cut into lives, fed with the journal's entries in order.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "scenarios/guarantees/add_calls.h"
#include "scenarios/guarantees/words.h"
#include "scenarios/journal.h"

namespace scenarios {

class ExecAttempts {
 public:
  // `words` outlives it.
  explicit ExecAttempts(const Words& words) : words_(words), calls_(words) {}

  // Returns the seq of an exit that was delivered before and, as it turns out now, is absorbed;
  // else 0.
  std::uint64_t Visit(const Entry& entry);
  // For an exec's exit, delivered for the first time: it is absorbed.
  bool Absorbs(const Entry& exit);
  // Nobody is left who would absorb anything.
  void EngineGone() {
    for (auto& [key, exec] : execs_) exec.absorb = false;
  }

 private:
  struct Exec {
    std::uint64_t call = 0;  // the one whose RPC was sent last
    std::uint64_t rpc = 0;   // that RPC's number
    bool runs = false;       // it succeeded, or may have
    bool absorb = false;     // the exit that comes
    std::uint64_t exit = 0;  // seq of the exit delivered since
  };
  std::uint64_t CallEnd(const Entry& entry);

  const Words& words_;
  AddCalls calls_;
  std::unordered_map<std::uint64_t, Exec> execs_;  // by id and name
};

}  // namespace scenarios
