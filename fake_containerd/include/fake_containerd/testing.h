// A GoogleTest fixture with a containerd: three lines, and a test has one.
//
//   #include "fake_containerd/testing.h"
//   class EngineTest : public fake_containerd::FakeContainerdTest {};
//   TEST_F(EngineTest, Runs) { … fake() … }
//
// It runs before the test's first line and is stopped and checked after its last: a defect inside
// the fake fails the test. In a class with options of its own:
//
//   class EngineTest : public fake_containerd::FakeContainerdTest {
//    protected:
//     fake_containerd::FakeContainerdOptions Options() override { return {.clock = &clock_}; }
//   };
//
// The clients of the fake belong into the test's body, or are taken down in a TearDown() that calls
// this one's last. Waits are fatal when they are in vain:
//
//   ASSERT_CONTAINER_RUNS(fake(), "web");
//   ASSERT_EXIT_TOLD(fake(), "web");
//
// and print what was missing. Every other function that returns an Outcome or a Status goes through
// ASSERT_WORKS, which prints its sentence.
//
// This is the only header here that needs GoogleTest; the toolkit's libraries know none.
//
// Threads: the test's.
#pragma once

#include <gtest/gtest.h>

#include "fake_containerd/fake_containerd.h"

namespace fake_containerd {

// GoogleTest's form of what a step, a wait or a Status says.
inline testing::AssertionResult Works(const Outcome& outcome) {
  return outcome;
}
inline testing::AssertionResult Works(const libcontainerd::Status& status) {
  if (status) return testing::AssertionSuccess();
  return testing::AssertionFailure()
         << libcontainerd::ErrorCodeName(status.error().code) << ": " << status.error().message;
}

class FakeContainerdTest : public testing::Test {
 protected:
  // Of the fake that SetUp() starts.
  virtual FakeContainerdOptions Options() { return {}; }

  void SetUp() override { ASSERT_TRUE(Works(fake_.Start(Options()))); }
  void TearDown() override { EXPECT_TRUE(Works(fake_.Stop())); }

  FakeContainerd& fake() { return fake_; }
  const std::string& socket_path() const { return fake_.socket_path(); }
  // Room for the bundles of clients; gone after the test.
  const std::string& directory() const { return fake_.directory(); }

 private:
  FakeContainerd fake_;
};

}  // namespace fake_containerd

#define ASSERT_WORKS(step) ASSERT_TRUE(::fake_containerd::Works(step))
#define EXPECT_WORKS(step) EXPECT_TRUE(::fake_containerd::Works(step))
// A last argument may say how long to wait, in real time.
#define ASSERT_CONTAINER_RUNS(fake, ...) ASSERT_WORKS((fake).WaitForContainer(__VA_ARGS__))
#define ASSERT_PROCESS_RUNS(fake, ...) ASSERT_WORKS((fake).WaitForProcess(__VA_ARGS__))
#define ASSERT_EXIT_TOLD(fake, ...) ASSERT_WORKS((fake).WaitForExit(__VA_ARGS__))
#define ASSERT_EVENT_TOLD(fake, ...) ASSERT_WORKS((fake).WaitForEvent(__VA_ARGS__))
#define ASSERT_SUBSCRIBED(fake, ...) ASSERT_WORKS((fake).WaitForSubscribers(__VA_ARGS__))
