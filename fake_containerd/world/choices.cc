#include "fake_containerd/choices.h"

#include <array>
#include <chrono>
#include <cstddef>

#include "libcontainerd/random.h"

namespace fake_containerd {
namespace {

template <class T, std::size_t kSize>
T OneOf(libcontainerd::Random& random, const std::array<T, kSize>& values) {
  return values.at(static_cast<std::size_t>(random.Below(kSize)));
}

}  // namespace

Choices Choices::Drawn(std::uint64_t seed) {
  using std::chrono::milliseconds;
  libcontainerd::Random random(seed);
  const std::array<Duration, 4> windows = {Duration(0), Duration(0), milliseconds(1),
                                           milliseconds(20)};
  const std::array<std::optional<std::uint32_t>, 3> late_statuses = {std::nullopt, std::nullopt,
                                                                     255};
  const std::array<std::optional<std::uint32_t>, 2> failed_exits = {std::nullopt, 1};
  Choices choices;
  choices.seed = random.Next();
  choices.start_container = Order::kDrawn;
  choices.start_process = Order::kDrawn;
  choices.pause = Order::kDrawn;
  choices.resume = Order::kDrawn;
  choices.gap = OneOf(random, std::array<Duration, 3>{Duration(0), Duration(0), milliseconds(1)});
  choices.exec_exits = ExecExits::kDrawn;
  choices.late_exec_status = OneOf(random, late_statuses);
  choices.oom = OomOrder::kDrawn;
  choices.exit_notice_delay = OneOf(random, windows);
  choices.shim_wait = OneOf(random, windows);
  choices.failed_create_delete_delay = OneOf(random, windows);
  choices.failed_create_exit = OneOf(random, failed_exits);
  choices.log_delay = OneOf(random, windows);
  choices.state_fails_for_dead_init = random.Chance(1, 2);
  return choices;
}

}  // namespace fake_containerd
