// What the benches do to client and daemon: the actions of the library's scenarios load-of-events
// and load-of-lives, over and over. `drydock run load-of-events` performs and judges what is
// measured here.
//
// Threads: any.
#pragma once

#include <string>
#include <vector>

#include "fake_containerd/behaviour.h"
#include "fake_containerd/model.h"

namespace bench {

// Of one container, in their order; without its id, and the exec of an exit is "exec-0".
const std::vector<fake_containerd::Event>& EventsOfOneTurn();

struct LoadOfLives {
  fake_containerd::Behaviour behaviour;  // of each process
  std::string output;                    // all that it writes
};
const LoadOfLives& OneLife();

}  // namespace bench
