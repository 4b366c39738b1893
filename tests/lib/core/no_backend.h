// An engine that listens to nothing.
#pragma once

#include <string>

#include "libcontainerd/backend.h"

namespace libcontainerd::test {

class NoBackend final : public Backend {
 public:
  void StateChanged(const std::string&, const StateInfo&, Done done) override { done(Status()); }
  void AttachStreams(const std::string&, const std::string&, IoPipe, Done done) override {
    done(Status());
  }
};

}  // namespace libcontainerd::test
