// The engine's own points: where `hold` stops it and `fail` breaks it. Those of the fake are in
// docs/faults.md.
//
// Threads: any.
#pragma once

#include <array>
#include <string_view>

namespace scenarios {

struct EnginePoint {
  std::string_view name;
  std::string_view sentence;  // when it is passed
  bool can_hold = false;
  bool can_fail = false;
};

inline constexpr std::array<EnginePoint, 16> kEnginePoints{{
    {"callback.start-container", "the engine was told that a container started", true, true},
    {"callback.pause", "the engine was told of a pause", true, true},
    {"callback.resume", "the engine was told of a resume", true, true},
    {"callback.exit", "the engine was told of a container's exit", true, true},
    {"callback.restore", "the engine was told that a container is back", true, true},
    {"callback.exit-process", "the engine was told of an exec's exit", true, true},
    {"callback.oom", "the engine was told of an OOM", true, true},
    {"callback.attach", "the engine was given a process's streams", true, true},
    {"engine.read", "the engine is about to read an output", true, false},
    {"bundle.create", "a bundle is about to be made", false, true},
    {"bundle.read", "a bundle's config.json is about to be read", false, true},
    {"bundle.remove", "a bundle is about to be removed", false, true},
    {"fifos.open", "a process's FIFOs are about to be made and opened", false, true},
    {"fifos.remove", "an exec's FIFOs are about to be removed", false, true},
    {"cursor.read", "the cursor file is about to be read", false, true},
    {"cursor.write", "the cursor file is about to be written", false, true},
}};

}  // namespace scenarios
