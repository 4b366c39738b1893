#include "fake_containerd/fault_docs.h"

#include "fake_containerd/fault_plan.h"

namespace fake_containerd {
namespace {

// clang-format off
constexpr std::string_view kIntroduction =
    R"page(# Holds and faults

The fake containerd can be stopped at named points, told to emit events that nobody caused, and made to fail after a plan.
In C++: `fake_containerd/injector.h` for a world, `FakeContainerd` for tests on any thread, `fake_containerd/fault_plan.h`
for the grammar and these tables as data.

This page is generated from `fake_containerd/fault_docs.cc` and `fake_containerd/fault_points.cc`.

## Holding and releasing

Whatever comes to a held point waits there, in the order of its arrival, until it is released or the daemon dies:

```cpp
fake.Hold("rpc.CreateContainer.executed@web");   // it will run, but nobody is told
// … the client creates web …
fake.WaitForHeld("rpc.CreateContainer.executed@web");
fake.ExitInit("web", 3);                         // the exit overtakes the reply
fake.Release("rpc.CreateContainer.executed@web");
```

`point@id` means one container, `point@id/process` one process, `point` everybody. `Release(point)` ends the hold;
`Release(point, n)` lets n go on and keeps it. `SetAutonomous(false)` holds every event and every reply until `Step(n)`
lets those go that wait longest; health checks are not stepped. `Emit` sends any event, of known and unknown ids, at any time
and with any timestamp; it passes its point as any other does. With no hold and no fault nothing of this changes the order of
anything.

## Plans

A plan is written in the grammar of containerd's failpoints (gofail's):

```
plan     = rule (";" or line end) rule …       # begins a comment
rule     = point ["@" subject] "=" term "->" term …
subject  = a container's id, or id/process
term     = [probability "%"] [times "*"] action ["(" argument ")"]
```

Whenever something passes a point, the first rule of that point and subject that has a term to offer decides. Of a rule's
terms the first counts that is not used up and whose probability comes true; `off` counts too, and does nothing. A term
without `times` lasts for ever. Probabilities have up to four decimals and draw from the fake's seed: the same seed and the
same course of things fire the same faults. What fired is kept (`Fired()`), can be waited for (`WaitForFired`), and is in
the journal as `fault_fired`; what is held and released is there as `held` and `released` ([journal.md](journal.md)).

Durations are Go's: `100ms`, `1.5s`, `2m`. An error's text may begin with a code: `error(UNAVAILABLE:text)`; without one it
is UNKNOWN, as most of the real daemon's are. In a text `\)`, `\\` and `\n` stand for a parenthesis, a backslash and a line
end.

```faults
# the first five calls of State pass, the sixth fails, the seventh is slow, at the eighth the daemon crashes
rpc.State.received=5*off->1*error(text)->1*delay(100ms)->1*panic
# a quarter of all exits of web's init is lost
event.exit@web/init=25.0%drop
# web is created, but its reply never comes; at the first Stats the daemon is gone for two seconds
rpc.CreateContainer.executed@web=1*drop; rpc.Stats.received=1*restart(2s)
# the event stream breaks at its third event
stream.send=2*off->1*break
# the first two connections come to nothing
connection.accept=1*drop->1*reset
# 255 for whatever db exits with
event.exit@db=change(status=255)
# three health checks pass, the fourth is lost, and the fifth fails as while a connection closes
rpc.Health.received=3*off->1*drop->1*error(UNAVAILABLE:transport is closing)
```

A plan that cannot be meant is refused with its place, what stands there, and what was expected:

```
faults:1:1: "rpc.Sate.received": no such point, the nearest is rpc.State.received
faults:1:15: "drop": not possible at disk.log, expected one of off, full, readonly
faults:2:12: "101": expected a probability above 0 and up to 100, with four decimals at most
```

Faults of connections happen in a relay of bytes between the socket and the server. It is there unless
`FakeContainerdOptions::relay` is false (`--no-relay`) or there is no socket; a plan that names a `connection.` point is
refused then, with a sentence that says so. Everything else works over every transport, the simulated ones too. A call that
is dropped is never answered: the client's deadline ends it. Health checks (grpc.health.v1) have points as any RPC has; a
watch of the health is a check each second, and ends with the first that fails.

A daemon that crashed fails every call with UNAVAILABLE, and its processes live on; what is held or delayed dies with it.
After `panic` it stays away until `StartDaemon()`, the script's step `start-daemon`, or `Reset`. The program
`fake-containerd` ends then, as a daemon does that panicked: exit code 2, one line on standard error, and everything left
as by SIGKILL for the next start.

)page";
// clang-format on

std::string ArgumentOf(const FaultActionInfo& info) {
  switch (info.argument) {
    case FaultArgument::kNone:
      return "";
    case FaultArgument::kDuration:
      return "(duration)";
    case FaultArgument::kOptionalDuration:
      return "[(duration)]";
    case FaultArgument::kCount:
      return "(number)";
    case FaultArgument::kError:
      return "([CODE:]text)";
    case FaultArgument::kField:
      return "(field=value)";
  }
  return "";
}

}  // namespace

std::string RenderFaultDocs() {
  std::string page(kIntroduction);
  page += "## Actions\n\n| action | what happens |\n|---|---|\n";
  for (const FaultActionInfo& info : FaultActions()) {
    page.append("| `").append(info.name).append(ArgumentOf(info)).append("` | ");
    page.append(info.sentence).append(" |\n");
  }
  page += "\n## Points\n\n`off` can stand everywhere.\n\n";
  page += "| point | when | can be held | actions |\n|---|---|---|---|\n";
  for (const InjectionPoint& point : InjectionPoints()) {
    page.append("| `").append(point.name).append("` | ").append(point.sentence);
    page.append(point.holdable ? " | yes | " : " | | ");
    std::string_view before;
    for (const FaultAction action : point.actions) {
      page.append(before).append(FaultActionName(action));
      before = ", ";
    }
    page += " |\n";
  }
  return page;
}

}  // namespace fake_containerd
