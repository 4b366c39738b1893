// Model: what a random sequence of actions has made of the system so far, as far as it matters for
// which action makes sense next; and the commands of RapidCheck's state tests, each of which is one
// step of a scenario.
//
// The model knows nothing of faults, processes that end by themselves or calls that fail: what does
// not come true is passed over in the run (Setup::tolerant), and judged by nobody.
//
// Threads: values.
#pragma once

#include <map>
#include <memory>
#include <ostream>
#include <set>
#include <string>
#include <utility>

#include <rapidcheck/state.h>

#include "scenarios/action.h"

namespace scenarios::property {

struct Model {
  bool engine_runs = true;
  bool restarted = false;  // the engine, ever
  bool daemon_runs = true;
  bool closed = false;
  std::map<std::string, std::set<std::string>> containers{};  // those that may run, and their execs
  std::set<std::string> known{};                              // that ever were
  // That this run of the engine created or restored. Left out: restoring such a one again, after
  // its exit, has the exit called back once more.
  std::set<std::string> served{};
  std::set<std::string> held{};  // points
};

// Whether the action could mean something in that state.
bool IsPossible(const Action& action, const Model& model);
void Apply(const Action& action, Model& model);

// One step: an action, or several that belong together, as an engine's restart and the restores
// that follow it.
class Command final : public rc::state::Command<Model, Actions> {
 public:
  explicit Command(Actions actions) : actions_(std::move(actions)) {}

  void checkPreconditions(const Model& before) const override;
  void apply(Model& model) const override;
  // The system under test is run when it is known what to do with it.
  void run(const Model& before, Actions& scenario) const override;
  void show(std::ostream& out) const override;

 private:
  Actions actions_;
};
using CommandPointer = std::shared_ptr<const rc::state::Command<Model, Actions>>;

}  // namespace scenarios::property
