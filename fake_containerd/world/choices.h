// Choices are public: users of the fixture make them.
#pragma once

#include "fake_containerd/choices.h"  // IWYU pragma: export
