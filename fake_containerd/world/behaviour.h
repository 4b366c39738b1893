// Behaviours are public: users of the fixture write them.
#pragma once

#include "fake_containerd/behaviour.h"  // IWYU pragma: export
