// Every row of the observed error table, by code and full text.
#include <gtest/gtest.h>

#include "tests/fake_containerd/v0/harness.h"

namespace fake_containerd::v0 {
namespace {

using std::chrono::seconds;

constexpr char kNoContainer[] = "2 containerd: container not found";
constexpr char kNoProcess[] = "2 containerd: process not found for container";

// The binaries of the recordings, by name.
BehaviourPolicy Binaries() {
  return [](const ProcessRequest& request) -> Behaviour {
    const std::string& binary = request.spec.args.empty() ? "" : request.spec.args.front();
    if (request.runtime == "/no/such/runtime") {
      return {.start_failure = StartFailure{.kind = FailureKind::kRuntimeMissing}};
    }
    if (request.runtime == "/bin/false") {
      return {.start_failure = StartFailure{.kind = FailureKind::kNotStarted}};
    }
    if (binary == "/bin/x")
      return {.start_failure = StartFailure{.kind = FailureKind::kBinaryMissing}};
    if (binary == "nope") return {.start_failure = StartFailure{.kind = FailureKind::kNotInPath}};
    if (binary == "/bin")
      return {.start_failure = StartFailure{.kind = FailureKind::kNotExecutable}};
    if (binary == "slow")
      return {.start_failure = StartFailure{.kind = FailureKind::kStartTimeout}};
    if (request.spec.cwd == "/nodir") {
      return {.start_failure = StartFailure{.kind = FailureKind::kBadCwd}};
    }
    return {};
  };
}

class ErrorTable : public ::testing::Test {
 protected:
  ErrorTable() : h_(1, {.behaviour = Binaries()}) {}
  void SetUp() override { ASSERT_EQ(h_.Create("c1"), "OK"); }

  // Creates `id` with another config.json than the usual one.
  std::string CreateWith(const std::string& id, const std::string& config) {
    h_.bundles.configs()["/state/" + id] = config;
    return h_.Create(id);
  }
  std::string CreateRunning(const std::string& id, const std::string& binary) {
    std::string config = kConfig;
    config.replace(config.find("/bin/sleep"), 10, binary);
    return CreateWith(id, config);
  }
  template <class Request>
  static Request For(const std::string& id) {
    Request request;
    request.set_id(id);
    return request;
  }
  static types::CreateCheckpointRequest Checkpoint(const std::string& id, const std::string& name,
                                                   const std::string& directory) {
    auto request = For<types::CreateCheckpointRequest>(id);
    request.mutable_checkpoint()->set_name(name);
    request.mutable_checkpoint()->set_exit(true);
    request.mutable_checkpoint()->set_tcp(true);
    request.mutable_checkpoint()->set_unixsockets(true);
    request.mutable_checkpoint()->add_emptyns("network");
    request.set_checkpointdir(directory);
    return request;
  }
  static types::DeleteCheckpointRequest Deletion(const std::string& id, const std::string& name) {
    auto request = For<types::DeleteCheckpointRequest>(id);
    request.set_name(name);
    return request;
  }
  static types::ListCheckpointRequest Listing(const std::string& id, const std::string& directory) {
    auto request = For<types::ListCheckpointRequest>(id);
    request.set_checkpointdir(directory);
    return request;
  }
  static types::UpdateProcessRequest CloseStdin(const std::string& id, const std::string& pid) {
    auto request = For<types::UpdateProcessRequest>(id);
    request.set_pid(pid);
    request.set_closestdin(true);
    return request;
  }

  FacadeHarness h_;
};

TEST_F(ErrorTable, UnknownContainer) {
  EXPECT_EQ(h_.Try(For<types::StateRequest>("nope")), kNoContainer);
  EXPECT_EQ(h_.Try(For<types::StatsRequest>("nope")), kNoContainer);
  EXPECT_EQ(h_.Try(h_.SignalOf("nope", "init", 9)), kNoContainer);
  EXPECT_EQ(h_.Try(CloseStdin("nope", "init")), kNoContainer);
  EXPECT_EQ(h_.Try(h_.StatusOf("nope", "paused")), kNoContainer);
  EXPECT_EQ(h_.Try(h_.StatusOf("nope", "bogus")), kNoContainer);
  EXPECT_EQ(h_.Try(h_.StatusOf("nope", "")), kNoContainer);
  EXPECT_EQ(h_.Try(h_.ExecRequest("nope", "e1")), kNoContainer);
  EXPECT_EQ(h_.Try(Checkpoint("nope", "x", "")), kNoContainer);
  EXPECT_EQ(h_.Try(Deletion("nope", "x")), kNoContainer);
  // The two methods with other answers.
  EXPECT_EQ(h_.Try(Listing("nope", "")), "5 no such containers");
}

TEST_F(ErrorTable, UnknownOrExitedProcess) {
  EXPECT_EQ(h_.Try(h_.SignalOf("c1", "nope", 9)), kNoProcess);
  EXPECT_EQ(h_.Try(h_.SignalOf("c1", "", 9)), kNoProcess);
  EXPECT_EQ(h_.Try(CloseStdin("c1", "nope")), kNoProcess);
  ASSERT_EQ(h_.Try(h_.ExecRequest("c1", "e1")), "OK");
  ASSERT_EQ(h_.Try(h_.SignalOf("c1", "e1", 9)), "OK");
  h_.runtime.RunReady();
  EXPECT_EQ(h_.Try(h_.SignalOf("c1", "e1", 9)), kNoProcess);
  EXPECT_EQ(h_.Try(CloseStdin("c1", "e1")), kNoProcess);
}

TEST_F(ErrorTable, MissingCheckpointDirectory) {
  EXPECT_EQ(h_.Try(Listing("c1", "/run/ckpt")), "5 open /run/ckpt: no such file or directory");
  EXPECT_EQ(h_.Try(Listing("c1", "")), "5 open /state/c1/checkpoints: no such file or directory");
}

TEST_F(ErrorTable, IdsInUse) {
  EXPECT_EQ(h_.Try(h_.CreateRequest("c1")), "6 mkdir /run/containerd/c1: file exists");
  auto nameless = h_.CreateRequest("");
  EXPECT_EQ(h_.Try(nameless), "6 mkdir /run/containerd: file exists");
  EXPECT_EQ(h_.Try(h_.CreateRequest("bad/id")),
            "5 mkdir /run/containerd/bad/id: no such file or directory");
}

TEST_F(ErrorTable, ExecNamesInUse) {
  ASSERT_EQ(h_.Try(h_.ExecRequest("c1", "ok1")), "OK");
  EXPECT_EQ(h_.Try(h_.ExecRequest("c1", "ok1")), "6 mkdir /run/containerd/c1/ok1: file exists");
  EXPECT_EQ(h_.Try(h_.ExecRequest("c1", "init")), "6 mkdir /run/containerd/c1/init: file exists");
}

TEST_F(ErrorTable, Bundles) {
  EXPECT_EQ(h_.Try(h_.CreateRequest("nodir")),
            "5 open /state/nodir/config.json: no such file or directory");
  auto pathless = h_.CreateRequest("x1");
  pathless.clear_bundlepath();
  EXPECT_EQ(h_.Try(pathless), "2 empty bundle path");
  EXPECT_EQ(CreateWith("empty", ""), "11 EOF");
  EXPECT_EQ(CreateWith("torn", std::string(kConfig).substr(0, 60)), "9 unexpected EOF");
  EXPECT_EQ(CreateWith("nolinux", "{\"process\": {}}"),
            "3 config.json: linux: missing, expected an object");
}

TEST_F(ErrorTable, AnExecReadsTheBundleToo) {
  h_.bundles.configs().erase("/state/c1");
  EXPECT_EQ(h_.Try(h_.ExecRequest("c1", "e1")),
            "5 open /state/c1/config.json: no such file or directory");
}

TEST_F(ErrorTable, AddProcessWithoutIdOrPid) {
  EXPECT_EQ(h_.Try(h_.ExecRequest("", "e1")), "2 container id cannot be empty");
  EXPECT_EQ(h_.Try(h_.ExecRequest("c1", "")), "2 process id cannot be empty");
}

TEST_F(ErrorTable, BinariesOfACreate) {
  const std::string prefix =
      "2 oci runtime error: container_linux.go:247: starting container process caused \"exec: ";
  EXPECT_EQ(CreateRunning("a", "/bin/x"),
            prefix + "\\\"/bin/x\\\": stat /bin/x: no such file or directory\"\n");
  EXPECT_EQ(CreateRunning("b", "nope"),
            prefix + "\\\"nope\\\": executable file not found in $PATH\"\n");
  EXPECT_EQ(CreateRunning("c", "/bin"), prefix + "\\\"/bin\\\": permission denied\"\n");
}

TEST_F(ErrorTable, BinariesOfAnExec) {
  const std::string prefix =
      "2 oci runtime error: exec failed: container_linux.go:247: starting container process caused "
      "\"";
  EXPECT_EQ(h_.Try(h_.ExecRequest("c1", "e", "/bin/x")),
            prefix + "exec: \\\"/bin/x\\\": stat /bin/x: no such file or directory\"\n");
  EXPECT_EQ(h_.Try(h_.ExecRequest("c1", "e", "nope")),
            prefix + "exec: \\\"nope\\\": executable file not found in $PATH\"\n");
  EXPECT_EQ(h_.Try(h_.ExecRequest("c1", "e", "/bin")),
            prefix + "exec: \\\"/bin\\\": permission denied\"\n");
  auto request = h_.ExecRequest("c1", "e");
  request.set_cwd("/nodir");
  EXPECT_EQ(
      h_.Try(request),
      prefix +
          "chdir to cwd (\\\"/nodir\\\") set in config.json failed: no such file or directory\"\n");
  request.clear_args();
  request.set_cwd("/");
  EXPECT_EQ(h_.Try(request), "2 oci runtime error: exec failed: args must not be empty\n");
}

TEST_F(ErrorTable, Runtimes) {
  h_.bundles.configs()["/state/x3"] = kConfig;
  auto request = h_.CreateRequest("x3");
  request.set_runtime("/no/such/runtime");
  EXPECT_EQ(h_.Try(request), "2 shim error: fork/exec /no/such/runtime: no such file or directory");
  h_.runtime.RunReady();
  request.set_runtime("/bin/false");
  EXPECT_EQ(h_.Try(request), "2 containerd: container not started");
}

TEST_F(ErrorTable, MissingStreams) {
  h_.bundles.configs()["/state/x5"] = kConfig;
  auto request = h_.CreateRequest("x5");
  request.set_stdin("/no/such/fifo");
  request.set_stdout("/no/such/o");
  request.set_stderr("/no/such/e");
  EXPECT_EQ(h_.Try(request), "2 shim error: open /no/such/o: no such file or directory");
}

TEST_F(ErrorTable, StartTimeout) {
  EXPECT_EQ(CreateRunning("s", "slow"),
            "2 containerd: container did not start before the specified timeout");
  EXPECT_EQ(h_.runtime.Now(), seconds(15));
  ASSERT_EQ(h_.Try(h_.StatusOf("c1", "paused")), "OK");
  EXPECT_EQ(h_.Try(h_.ExecRequest("c1", "e1")),
            "2 containerd: container did not start before the specified timeout");
}

TEST_F(ErrorTable, PauseAndResume) {
  EXPECT_EQ(h_.Try(h_.StatusOf("c1", "running")), "2 exit status 1: \"container not paused\\n\"");
  ASSERT_EQ(h_.Try(h_.StatusOf("c1", "paused")), "OK");
  EXPECT_EQ(h_.Try(h_.StatusOf("c1", "paused")),
            "2 exit status 1: \"container not running or created: paused\\n\"");
  EXPECT_EQ(h_.Try(h_.StatusOf("c1", "running")), "OK");
}

TEST_F(ErrorTable, UnknownStatusAndNothingToUpdate) {
  EXPECT_EQ(h_.Try(h_.StatusOf("c1", "bogus")), "2 containerd: unknown container status ");
  EXPECT_EQ(h_.Try(h_.StatusOf("c1", "stopped")), "2 containerd: unknown container status ");
  EXPECT_EQ(h_.Try(h_.StatusOf("c1", "")), "OK");
  auto request = h_.StatusOf("c1", "");
  request.mutable_resources();
  EXPECT_EQ(h_.Try(request), "OK");
}

TEST_F(ErrorTable, ALimitBelowWhatIsInUse) {
  auto request = h_.StatusOf("c1", "");
  request.mutable_resources()->set_memorylimit(4096);
  EXPECT_EQ(h_.Try(request),
            "2 failed to write 4096 to memory.limit_in_bytes: write "
            "/sys/fs/cgroup/memory/oracle/c1/memory.limit_in_bytes: device or resource busy\n");
}

TEST_F(ErrorTable, Signals) {
  EXPECT_EQ(h_.Try(h_.SignalOf("c1", "init", 200)), "2 invalid argument");
  EXPECT_EQ(h_.Try(h_.SignalOf("c1", "init", 0)), "OK");
}

TEST_F(ErrorTable, AnInitThatJustDied) {
  h_.world.choices().exit_notice_delay = seconds(1);
  ASSERT_EQ(h_.Try(h_.SignalOf("c1", "init", 9)), "OK");
  EXPECT_EQ(h_.Try(h_.SignalOf("c1", "init", 9)), "2 no such process");
  EXPECT_EQ(h_.Try(CloseStdin("c1", "init")),
            "2 write /run/containerd/c1/init/control: file already closed");
  const std::string gone =
      "exit status 1: \"container_linux.go:1161: reading /proc/1000/environ caused \\\"open "
      "/proc/1000/environ: no such process\\\"\\n\"";
  EXPECT_EQ(h_.Try(types::StateRequest()), "13 get all pids for container: " + gone);
  EXPECT_EQ(h_.Try(For<types::StateRequest>("c1")), "13 get all pids for container: " + gone);
  EXPECT_EQ(h_.Try(h_.StatusOf("c1", "paused")), "2 " + gone);
}

TEST_F(ErrorTable, Checkpoints) {
  EXPECT_EQ(h_.Try(Checkpoint("c1", "cp1", "/run/ckpt")),
            "2 exit status 1: \"Unable to execute CRIU command: criu\\n\"");
  EXPECT_EQ(h_.Try(Checkpoint("c1", "cp1", "/run/ckpt")), "6 mkdir /run/ckpt/cp1: file exists");
  EXPECT_EQ(h_.Try(Checkpoint("c1", "cp2", "")),
            "2 exit status 1: \"Unable to execute CRIU command: criu\\n\"");
  EXPECT_EQ(h_.Try(Checkpoint("c1", "cp2", "")), "6 mkdir /state/c1/checkpoints/cp2: file exists");
  EXPECT_EQ(h_.Try(Deletion("c1", "never")), "OK");
  EXPECT_EQ(h_.Try(Deletion("c1", "")), "2 checkpoint name cannot be empty");
  EXPECT_EQ(h_.Try(Deletion("nope", "")), "2 checkpoint name cannot be empty");
}

TEST_F(ErrorTable, CreateFromAMissingCheckpoint) {
  h_.bundles.configs()["/state/c2"] = kConfig;
  auto request = h_.CreateRequest("c2");
  request.set_checkpoint("cp9");
  request.set_checkpointdir("/run/ckpt");
  EXPECT_EQ(h_.Try(request),
            "2 shim error: open /run/ckpt/cp9/config.json: no such file or directory");
  h_.runtime.RunReady();
  request.clear_checkpointdir();  // relative, where the other methods take the bundle's
  EXPECT_EQ(h_.Try(request), "2 shim error: open cp9/config.json: no such file or directory");
}

TEST_F(ErrorTable, MissingMessagesAreRefusedWhereTheRealDaemonCrashes) {
  auto exec = h_.ExecRequest("c1", "e1");
  exec.clear_user();
  EXPECT_EQ(h_.Try(exec), "3 AddProcessRequest.user: missing, expected a user");
  EXPECT_EQ(h_.Try(For<types::CreateCheckpointRequest>("c1")),
            "3 CreateCheckpointRequest.checkpoint: missing, expected a checkpoint");
}

}  // namespace
}  // namespace fake_containerd::v0
