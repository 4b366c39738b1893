// The behaviour language: what it says, what it refuses, and that it says it again.
#include "fake_containerd/behaviour_text.h"

#include <cmath>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "fake_containerd/pattern.h"
#include "tests/fake_containerd/world/harness.h"

namespace fake_containerd {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Behaviour Parsed(std::string_view text) {
  const auto behaviour = ParseBehaviour(text);
  EXPECT_TRUE(behaviour) << behaviour.error().message;
  return behaviour.value_or(Behaviour());
}
std::string ErrorOf(std::string_view text) {
  const auto behaviour = ParseBehaviour(text);
  if (behaviour) return "understood as " + PrintBehaviour(*behaviour);
  EXPECT_EQ(behaviour.error().code, libcontainerd::ErrorCode::kInvalidArgument);
  return behaviour.error().message;
}

TEST(BehaviourText, SaysEveryStep) {
  const Behaviour expected{
      .steps = {step::Write{.data = "hello\n"},
                step::Write{.stream = OutputStream::kStderr, .data = "no; way:\\", .times = 3},
                step::WritePattern{.bytes = 2ULL << 30U, .seed = 7},
                step::WritePattern{.stream = OutputStream::kStderr, .bytes = 513},
                step::EchoStdin{}, step::ReadStdin{}, step::Wait{milliseconds(1500)},
                step::AwaitCue{"go on"}, step::CloseOutput{OutputStream::kStderr},
                step::SpawnChildren{.count = 2, .lifetime = minutes(2), .output = "bye\n"},
                step::Oom{true}, step::Oom{}, step::Die{15}, step::Die{64}, step::Exit{255}}};
  EXPECT_EQ(Parsed("write=hello\\n write-err*3=no\\;\\ way\\:\\\\ pattern=2G:seed=7 "
                   "pattern-err=513;echo;read\nsleep=1.5s cue=go\\son close=stderr "
                   "children=2:life=2m:output=bye\\x0A oom=child oom die=SIGTERM die=64 exit=255"),
            expected);
}

TEST(BehaviourText, SaysWhatStandsForTheWholeProcess) {
  const Behaviour expected{
      .start_failure = StartFailure{.kind = FailureKind::kBadCwd, .subject = "/no where: here"},
      .start_delay = seconds(3),
      .steps = {step::Exit{1}},
      .signals = {{1, {}},
                  {15, {.action = SignalHandler::Action::kExit, .code = 3}},
                  {10, {.action = SignalHandler::Action::kExit, .code = 0, .delay = seconds(1)}}}};
  EXPECT_EQ(Parsed("trap=TERM:exit=3 exit=1 trap=USR1:after=1s:exit=0 ignore=1 start-delay=3s "
                   "start-fail=bad-cwd:/no\\swhere:\\shere"),
            expected);
}

TEST(BehaviourText, AnArgumentIsOneTermAsItStands) {
  const std::vector<std::string> terms = {"write=two words; one:term\\n", "exit=0"};
  const auto behaviour = ParseBehaviour(terms);
  ASSERT_TRUE(behaviour) << behaviour.error().message;
  EXPECT_EQ(*behaviour,
            (Behaviour{.steps = {step::Write{.data = "two words; one:term\n"}, step::Exit{0}}}));
  EXPECT_EQ(Parsed(""), Behaviour());
  EXPECT_EQ(Parsed(" ;\n; "), Behaviour());
}

TEST(BehaviourText, NamesEveryStartFailure) {
  for (const auto& [name, kind] : std::vector<std::pair<std::string, FailureKind>>{
           {"runtime-missing", FailureKind::kRuntimeMissing},
           {"not-started", FailureKind::kNotStarted},
           {"timeout", FailureKind::kStartTimeout},
           {"binary-missing", FailureKind::kBinaryMissing},
           {"not-in-path", FailureKind::kNotInPath},
           {"not-executable", FailureKind::kNotExecutable},
           {"bad-cwd", FailureKind::kBadCwd},
           {"no-args", FailureKind::kNoArgs},
           {"message", FailureKind::kRuntimeMessage}}) {
    EXPECT_EQ(Parsed("start-fail=" + name).start_failure, StartFailure{.kind = kind}) << name;
  }
}

TEST(BehaviourText, ErrorsSayWhereWhatAndWhatWasExpected) {
  EXPECT_THAT(ErrorOf("echo slep=2s"),
              StartsWith("term 2, \"slep=2s\": unknown term \"slep\", expected one of write, "));
  EXPECT_EQ(ErrorOf("sleep=2"),
            "term 1, \"sleep=2\": \"2\" is none, expected a duration as 1.5s "
            "or 2m, up to ten years");
  EXPECT_THAT(ErrorOf("sleep=-1s"), HasSubstr("\"-1s\" is none, expected a duration"));
  EXPECT_THAT(ErrorOf("sleep=200000h"), HasSubstr("up to ten years"));
  EXPECT_EQ(ErrorOf("exit=256"),
            "term 1, \"exit=256\": \"256\" is none, expected a number from 0 to 255");
  EXPECT_EQ(ErrorOf("exit"), "term 1, \"exit\": no value, expected exit=…");
  EXPECT_EQ(ErrorOf("echo=1"), "term 1, \"echo=1\": a value, expected echo alone");
  EXPECT_EQ(ErrorOf("sleep*2=1s"),
            "term 1, \"sleep*2=1s\": * is for write and write-err, expected sleep without");
  EXPECT_EQ(ErrorOf("write=a\\q"),
            "term 1, \"write=a\\q\": \"\\q\" is none, expected an escape: "
            "\\n \\r \\t \\0 \\s \\\\ \\; \\: or \\xHH");
  EXPECT_THAT(ErrorOf("write=a\\"), HasSubstr("\"\\\" is none, expected an escape"));
  EXPECT_THAT(ErrorOf("write=\\x4"), HasSubstr("\"\\x\" is none, expected an escape"));
  EXPECT_THAT(ErrorOf("write*-1=a"), HasSubstr("\"-1\" is none, expected a number"));
  EXPECT_EQ(ErrorOf("pattern=1Q"),
            "term 1, \"pattern=1Q\": \"1Q\" is none, expected a size as 512, 64K or 2G");
  EXPECT_THAT(ErrorOf("pattern=99999999999T"), HasSubstr("expected a size"));
  EXPECT_EQ(ErrorOf("pattern=1:sed=2"),
            "term 1, \"pattern=1:sed=2\": \"sed=2\" is none, expected seed=…");
  EXPECT_THAT(ErrorOf("children=1:life=1s:life=2s"),
              HasSubstr("\"life\" stands twice, expected once"));
  EXPECT_THAT(ErrorOf("children=10001"), HasSubstr("expected a number from 0 to 10000"));
  EXPECT_THAT(ErrorOf("close=stdin"), HasSubstr("\"stdin\" is none, expected stdout or stderr"));
  EXPECT_THAT(ErrorOf("die=TREM"), HasSubstr("expected a signal as TERM or a number from 1 to 64"));
  EXPECT_THAT(ErrorOf("die=65"), HasSubstr("expected a signal"));
  EXPECT_THAT(ErrorOf("oom=self"), HasSubstr("\"self\" is none, expected oom or oom=child"));
  EXPECT_THAT(ErrorOf("trap=TERM"), HasSubstr("no exit code, expected trap=SIGNAL:exit=CODE"));
  EXPECT_THAT(ErrorOf("ignore=KILL"), HasSubstr("which KILL and STOP cannot"));
  EXPECT_THAT(ErrorOf("ignore=TERM trap=15:exit=1"),
              HasSubstr("TERM is handled twice, expected one trap or ignore of it"));
  EXPECT_THAT(ErrorOf("start-delay=0 start-delay=1s"), HasSubstr("expected one start-delay"));
  EXPECT_THAT(ErrorOf("start-fail=message start-fail=message"),
              HasSubstr("expected one start-fail"));
  EXPECT_THAT(ErrorOf("start-fail=luck"), HasSubstr("\"luck\" is none, expected one of runtime-"));
  EXPECT_THAT(ErrorOf(std::string(500, 'x')), HasSubstr("\"" + std::string(60, 'x') + "…\""));
}

TEST(BehaviourText, PrintsOneWay) {
  EXPECT_EQ(PrintBehaviour(Parsed("exit=07;trap=SIGTERM:exit=3;write*1=a\\x20b;sleep=90s;"
                                  "pattern=1024K start-delay=0s")),
            "trap=TERM:exit=3 exit=7 write=a\\sb sleep=1m30s pattern=1M");
}

// --- Whatever can be said is said again. ---

OutputStream AnyStream() {
  return *rc::gen::element(OutputStream::kStdout, OutputStream::kStderr);
}
Duration AnyDuration() {
  const auto magnitude = *rc::gen::inRange(0, 17);
  return Duration(*rc::gen::inRange<std::int64_t>(0, 9) *
                      static_cast<std::int64_t>(std::pow(10, magnitude)) +
                  *rc::gen::inRange<std::int64_t>(0, 1000));
}
std::uint32_t Up(std::uint32_t most) {
  return *rc::gen::inRange<std::uint32_t>(0, most + 1);
}
std::string AnyBytes() {
  return *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
}

Step AnyStep() {
  switch (Up(10)) {
    case 0:
      return step::Write{AnyStream(), AnyBytes(), *rc::gen::arbitrary<std::uint64_t>()};
    case 1:
      return step::WritePattern{AnyStream(), std::uint64_t{Up(9999)} << Up(40),
                                *rc::gen::arbitrary<std::uint64_t>()};
    case 2:
      return step::EchoStdin{};
    case 3:
      return step::ReadStdin{};
    case 4:
      return step::Wait{AnyDuration()};
    case 5:
      return step::AwaitCue{AnyBytes()};
    case 6:
      return step::CloseOutput{AnyStream()};
    case 7:
      return step::SpawnChildren{
          Up(10'000), Up(1) == 0 ? std::nullopt : std::optional(AnyDuration()), AnyBytes()};
    case 8:
      return step::Exit{Up(255)};
    case 9:
      return step::Die{1 + Up(63)};
    default:
      return step::Oom{Up(1) == 1};
  }
}

Behaviour AnyBehaviour() {
  Behaviour behaviour;
  if (Up(3) == 0) {
    behaviour.start_failure = StartFailure{
        *rc::gen::element(FailureKind::kRuntimeMissing, FailureKind::kNotStarted,
                          FailureKind::kStartTimeout, FailureKind::kBinaryMissing,
                          FailureKind::kNotInPath, FailureKind::kNotExecutable,
                          FailureKind::kBadCwd, FailureKind::kNoArgs, FailureKind::kRuntimeMessage),
        AnyBytes()};
  }
  behaviour.start_delay = AnyDuration();
  for (std::uint32_t i = Up(8); i > 0; --i) behaviour.steps.push_back(AnyStep());
  for (std::uint32_t i = Up(4); i > 0; --i) {
    const std::uint32_t signal = 1 + Up(63);
    if (signal == 9 || signal == 19) continue;
    SignalHandler& handler = behaviour.signals[signal];
    if (Up(1) == 0) continue;
    handler = {SignalHandler::Action::kExit, Up(255), AnyDuration()};
  }
  return behaviour;
}

RC_GTEST_PROP(BehaviourText, WhatIsPrintedIsReadAsTheSame, ()) {
  const Behaviour behaviour = AnyBehaviour();
  const std::string text = PrintBehaviour(behaviour);
  RC_LOG() << text;
  const auto read = ParseBehaviour(text);
  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == behaviour);
  RC_ASSERT(PrintBehaviour(*read) == text);
  const auto terms = ParseBehaviour(BehaviourTerms(behaviour));
  RC_ASSERT(terms.has_value());
  RC_ASSERT(*terms == behaviour);
}

// --- The pattern ---

TEST(Pattern, APieceIsTheSameWhereverItIsCut) {
  const std::string whole = PatternBytes(7, 0, 1000);
  EXPECT_NE(whole, PatternBytes(8, 0, 1000));
  for (const std::size_t offset : {1U, 7U, 8U, 9U, 500U}) {
    for (const std::size_t count : {0U, 1U, 8U, 13U, 400U}) {
      EXPECT_EQ(PatternBytes(7, offset, count), whole.substr(offset, count));
    }
  }
  // In stone: recordings and other languages' tests may hold it.
  EXPECT_EQ(PatternSha256(7, 1000),
            "c924b7af02ecbae8261b1006aacd6264144aafbdff5ef028f5642908eb252c86");
  EXPECT_EQ(PatternSha256(7, 0),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

// --- A world that takes a process at its word ---

CreateCommand CreateWith(std::vector<std::string> args,
                         std::map<std::string, std::string> annotations) {
  CreateCommand command = Harness::CreateOf("c1");
  command.read_bundle =
      [args, annotations]() -> libcontainerd::Awaitable<libcontainerd::Result<BundleSpec>> {
    BundleSpec spec;
    spec.process.args = args;
    spec.annotations = annotations;
    co_return spec;
  };
  return command;
}

std::vector<std::string> EventsOf(CreateCommand command, BehaviourPolicy policy = {}) {
  WorldOptions options;
  options.behaviour = std::move(policy);
  Harness h(1, std::move(options));
  EXPECT_TRUE(h.Run(h.world.Create(std::move(command))));
  h.runtime.RunReady();
  return h.recorder.emitted;
}

TEST(BehaviourInWords, ArgumentsThenAnnotationsThenWhoeverAsks) {
  const std::vector<std::string> args = {"/opt/drydock-process", "exit=1"};
  const std::map<std::string, std::string> annotations = {{kBehaviourAnnotation, "exit=2"}};
  EXPECT_THAT(EventsOf(CreateWith(args, {})), ElementsAre("start-container c1", "exit c1/init 1"));
  EXPECT_THAT(EventsOf(CreateWith(args, annotations)),
              ElementsAre("start-container c1", "exit c1/init 2"));
  EXPECT_THAT(EventsOf(CreateWith(args, annotations), Always({.steps = {step::Exit{3}}})),
              ElementsAre("start-container c1", "exit c1/init 3"));
  // A policy that has nothing to say about it.
  const BehaviourPolicy silent = [](const ProcessRequest&) { return std::nullopt; };
  EXPECT_THAT(EventsOf(CreateWith(args, annotations), silent),
              ElementsAre("start-container c1", "exit c1/init 2"));
  // Another program's arguments are its own.
  EXPECT_THAT(EventsOf(CreateWith({"/bin/exit", "exit=1"}, {})), ElementsAre("start-container c1"));
}

TEST(BehaviourInWords, ExecsHaveAnnotationsAndArgumentsToo) {
  Harness h;
  ASSERT_TRUE(h.Run(h.world.Create(
      CreateWith({"/bin/sleep"}, {{std::string(kBehaviourAnnotation) + ".e1", "exit=4"}}))));
  for (const char* name : {"e1", "e2"}) {
    AddProcessCommand exec = Harness::ExecOf("c1", name);
    exec.spec.args = {"drydock-process", "exit=5"};
    ASSERT_TRUE(h.Run(h.world.AddProcess(std::move(exec))));
    h.runtime.RunReady();
  }
  EXPECT_THAT(h.recorder.emitted,
              ElementsAre("start-container c1", "start-process c1/e1", "exit c1/e1 4",
                          "start-process c1/e2", "exit c1/e2 5"));
}

TEST(BehaviourInWords, WhatMakesNoSenseFailsTheStart) {
  Harness h;
  const auto created =
      h.Run(h.world.Create(CreateWith({"sh"}, {{kBehaviourAnnotation, "exit=1 bogus"}})));
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().kind, FailureKind::kRuntimeMessage);
  EXPECT_THAT(created.error().subject,
              StartsWith("annotation io.drydock.behaviour: term 2, \"bogus\": unknown term"));
  h.runtime.RunReady();
  const auto again = h.Run(h.world.Create(CreateWith({"/x/drydock-process", "exit=x"}, {})));
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().subject,
              StartsWith("arguments of /x/drydock-process: term 1, \"exit=x\": "));
}

// Reads a process's output away and measures the pieces that it was written in.
class Sink final : public Recorder {
 public:
  void OnStdioBytes(const ContainerKey&, const std::string&, StdioStream,
                    std::string_view data) override {
    largest = std::max(largest, data.size());
  }
  std::size_t largest = 0;
};

TEST(BehaviourInWords, ALargePatternGoesOutInSmallPiecesAndIsKnownByItsDigest) {
  constexpr std::uint64_t kSize = 24U << 20U;
  Sink sink;
  WorldOptions options;
  options.observer = &sink;
  Harness h(1, std::move(options));
  CreateCommand command = CreateWith({"drydock-process", "pattern=24M:seed=7", "cue=end"}, {});
  command.io = h.MakeFifos("c1", "init");
  auto reader = *h.fifos.OpenReader(command.io.out);
  std::string expected_part;
  struct Drain {
    static libcontainerd::Awaitable<void> Run(libcontainerd::MemoryFifos::Reader* from,
                                              std::uint64_t* total, bool* same) {
      while (true) {
        libcontainerd::Result<std::string> data = co_await from->Read(65536);
        if (!data || data->empty()) break;
        *same = *same && *data == PatternBytes(7, *total, data->size());
        *total += data->size();
      }
    }
  };
  std::uint64_t total = 0;
  bool same = true;
  libcontainerd::Spawn(h.runtime, Drain::Run(reader.get(), &total, &same));
  ASSERT_TRUE(h.Run(h.world.Create(std::move(command))));
  h.runtime.RunReady();
  const auto info = h.world.Inspect(Harness::Key("c1"));
  ASSERT_TRUE(info);
  const StreamTotal whole{.bytes = kSize, .sha256 = PatternSha256(7, kSize)};
  EXPECT_EQ(info->activity.at("init").out, whole);
  EXPECT_EQ(info->activity.at("init").err.bytes, 0U);
  EXPECT_TRUE(h.world.GiveCue(Harness::Key("c1"), "init", "end"));
  EXPECT_TRUE(h.world.ExitProcess(Harness::Key("c1"), "init", 0));
  h.runtime.RunReady();
  EXPECT_EQ(total, kSize);
  EXPECT_TRUE(same);
  EXPECT_LE(sink.largest, 65536U);
  EXPECT_THAT(sink.digests, testing::Contains(whole.sha256));
}

// --- The manual ---

// Every line of docs/processes.md's code blocks that are marked as behaviours.
TEST(BehaviourText, TheManualsExamplesAreUnderstood) {
  std::ifstream manual(DRYDOCK_SOURCE_DIR "/docs/processes.md");
  std::string line;
  bool inside = false;
  int examples = 0;
  while (std::getline(manual, line)) {
    if (line.starts_with("```")) {
      inside = line == "```behaviour";
      continue;
    }
    if (!inside || line.empty()) continue;
    const auto behaviour = ParseBehaviour(line);
    EXPECT_TRUE(behaviour) << line << "\n" << behaviour.error().message;
    ++examples;
  }
  EXPECT_GT(examples, 10);
}

}  // namespace
}  // namespace fake_containerd
