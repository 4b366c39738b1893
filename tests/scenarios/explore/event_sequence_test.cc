// The rig of event sequences: client and model agree, and planted defects are seen.
#include "scenarios/explore/event_sequence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libcontainerd/random.h"

namespace scenarios {
namespace {

using Kind = EventStep::Kind;
using Outcome = EventStep::Outcome;
using Stamp = EventStep::Stamp;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::uint8_t> Drawn(libcontainerd::Random& random) {
  std::vector<std::uint8_t> bytes(2 + 2 * EventSequence::kMostSteps);
  for (std::uint8_t& each : bytes) each = static_cast<std::uint8_t>(random.Next());
  return bytes;
}

std::string Told(const EventSequence& sequence) {
  return EventSequenceText(sequence) + RunEventSequence(sequence, /*story=*/true).story;
}

TEST(EventSequence, ClientAndModelAgree) {
  libcontainerd::Random random(1);
  std::size_t callbacks = 0;
  for (int i = 0; i < 1000; ++i) {
    const EventSequence sequence = DecodeEventSequence(Drawn(random));
    const EventSequenceResult result = RunEventSequence(sequence);
    callbacks += result.callbacks;
    ASSERT_THAT(result.differences, IsEmpty()) << Told(sequence);
  }
  EXPECT_GT(callbacks, 3000U);  // and something happens
}

TEST(EventSequence, TheSameSequenceTellsTheSameStory) {
  libcontainerd::Random random(2);
  for (int i = 0; i < 20; ++i) {
    const EventSequence sequence = DecodeEventSequence(Drawn(random));
    EXPECT_EQ(Told(sequence), Told(sequence));
  }
}

TEST(EventSequence, EncodingGivesItBack) {
  libcontainerd::Random random(3);
  for (int i = 0; i < 100; ++i) {
    const EventSequence sequence = DecodeEventSequence(Drawn(random));
    EXPECT_EQ(DecodeEventSequence(EncodeEventSequence(sequence)), sequence)
        << EventSequenceText(sequence);
  }
}

TEST(EventSequence, EveryByteStringIsASequence) {
  EXPECT_EQ(DecodeEventSequence({}), EventSequence());
  const std::vector<std::uint8_t> odd(101, 0xff);
  EXPECT_EQ(DecodeEventSequence(odd).steps.size(), EventSequence::kMostSteps);
}

TEST(EventSequence, StepsAreReadable) {
  EXPECT_EQ(EventStepText({.kind = Kind::kExit, .container = 1}), "c1: event exit");
  EXPECT_EQ(EventStepText({.kind = Kind::kExecExit, .stamp = Stamp::kEarlier, .settles = false}),
            "c0: event exit of e0 from before the last create, and at once");
  EXPECT_EQ(EventStepText({.kind = Kind::kCreate, .container = 2, .outcome = Outcome::kLost}),
            "c2: create (its answer is lost)");
  EXPECT_EQ(EventStepText({.kind = Kind::kWait, .number = 4}), "50 ms pass");
}

struct Planted {
  libcontainerd::Mutant mutant;
  EventSequence sequence;
  const char* difference;
};

TEST(EventSequence, PlantedDefectsAreSeen) {
  using libcontainerd::Mutant;
  const EventStep exit{.kind = Kind::kExit};
  const EventStep oom{.kind = Kind::kOom};
  const EventStep exec_exit{.kind = Kind::kExecExit};
  const EventStep resume{.kind = Kind::kResume};
  const std::vector<Planted> all = {
      {Mutant::kExitCalledBackTwice, {1, 1, {exec_exit, exit}}, "exit was called back"},
      {Mutant::kExecExitCalledBackTwice, {1, 1, {exec_exit}}, "which nothing accounts for"},
      {Mutant::kOomFlagLost, {1, 1, {oom, exec_exit, exit}}, "is not flagged OOM-killed"},
      {Mutant::kOomNotCalledBack, {1, 1, {oom}}, "oom was never called back"},
      {Mutant::kResumeCalledPause, {1, 1, {resume}}, "without a pause event"},
      {Mutant::kBundleKept, {1, 1, {exec_exit, exit}}, "its bundle was there"},
      {Mutant::kExecFifosKept, {1, 1, {exec_exit}}, "its FIFOs were there"},
      {Mutant::kDuplicatesIgnoreTime, {1, 1, {oom, oom}}, "oom was never called back"},
      {Mutant::kExecExitIgnored, {1, 1, {exec_exit}}, "exit-process was never called back"},
  };
  for (const Planted& each : all) {
    libcontainerd::ReferenceBehaviour reference;
    reference.Plant(each.mutant);
    const auto result = RunEventSequence(each.sequence, /*story=*/true, reference);
    EXPECT_THAT(result.differences, Contains(HasSubstr(each.difference)))
        << libcontainerd::MutantName(each.mutant) << '\n'
        << result.story;
    EXPECT_THAT(RunEventSequence(each.sequence).differences, IsEmpty());
  }
}

}  // namespace
}  // namespace scenarios
