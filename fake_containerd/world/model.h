// The world's nouns are public: users of the fixture see events and containers as the world does.
#pragma once

#include "fake_containerd/model.h"  // IWYU pragma: export
