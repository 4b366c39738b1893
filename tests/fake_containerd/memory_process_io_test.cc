#include "fake_containerd/memory_process_io.h"

#include <gtest/gtest.h>

#include "libcontainerd/simulated_runtime.h"
#include "tests/fake_containerd/world/harness.h"

namespace fake_containerd {
namespace {

using libcontainerd::ErrorCode;

class MemoryProcessIoTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* path : {"in", "out", "err"}) fifos_.Create(path);
  }
  std::unique_ptr<ProcessStreams> Open(bool terminal = false) {
    auto opened = io_.Open(paths_, terminal);
    EXPECT_TRUE(opened);
    return opened ? std::move(*opened) : nullptr;
  }
  template <class T>
  T Run(libcontainerd::Awaitable<T> answer) {
    return *Await(runtime_, std::move(answer));
  }

  libcontainerd::SimulatedRuntime runtime_{1};
  libcontainerd::MemoryFifos fifos_{runtime_};
  MemoryProcessIo io_{fifos_};
  IoPaths paths_{"in", "out", "err"};
};

TEST_F(MemoryProcessIoTest, OutputsReachTheirReadersThenEnd) {
  const auto reader = *fifos_.OpenReader("out");
  const auto streams = Open();
  EXPECT_TRUE(Run(streams->Write(OutputStream::kStdout, "hello")));
  streams->CloseOutputs();
  streams->CloseOutputs();
  EXPECT_EQ(Run(reader->Read(100)).value_or("error"), "hello");
  EXPECT_EQ(Run(reader->Read(100)).value_or("error"), "");
}

TEST_F(MemoryProcessIoTest, AReaderThatLeavesBreaksNothing) {
  const auto streams = Open();
  (*fifos_.OpenReader("out"))->Close();
  EXPECT_TRUE(Run(streams->Write(OutputStream::kStdout, "hello")));
}

TEST_F(MemoryProcessIoTest, StdinEndsWhenBothWritersAreClosed) {
  const auto streams = Open();
  auto writer = *fifos_.OpenWriter("in");
  EXPECT_TRUE(Run(writer->Write("x")));
  writer.reset();
  EXPECT_EQ(Run(streams->ReadStdin(10)).value_or("error"), "x");
  const auto end = Begin(runtime_, streams->ReadStdin(10));
  runtime_.RunReady();
  EXPECT_FALSE(*end);
  streams->CloseStdin();
  runtime_.RunReady();
  ASSERT_TRUE(*end);
  EXPECT_EQ((**end).value_or("error"), "");
}

TEST_F(MemoryProcessIoTest, ClosingCancelsWhoeverWaits) {
  auto streams = Open();
  const auto reading = Begin(runtime_, streams->ReadStdin(10));
  const auto writing =
      Begin(runtime_, streams->Write(OutputStream::kStderr, std::string(100000, 'x')));
  runtime_.RunReady();
  streams.reset();
  runtime_.RunReady();
  ASSERT_TRUE(*reading);
  ASSERT_TRUE(*writing);
  EXPECT_EQ((**reading).error().code, ErrorCode::kCancelled);
  EXPECT_EQ((**writing).error().code, ErrorCode::kCancelled);
}

TEST_F(MemoryProcessIoTest, EmptyPathsAreTheNullDevice) {
  paths_ = {};
  const auto streams = Open();
  EXPECT_TRUE(Run(streams->Write(OutputStream::kStdout, std::string(1000000, 'x'))));
  EXPECT_EQ(Run(streams->ReadStdin(10)).value_or("error"), "");
  streams->CloseStdin();
}

TEST_F(MemoryProcessIoTest, MissingPathsAreNamed) {
  for (const IoPaths& paths :
       {IoPaths{"no", "out", "err"}, IoPaths{"in", "no", "err"}, IoPaths{"in", "out", "no"}}) {
    const auto opened = io_.Open(paths, false);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().message, "open no: no such file or directory");
  }
  EXPECT_TRUE(io_.Open({"in", "out", "no"}, /*terminal=*/true));
}

}  // namespace
}  // namespace fake_containerd
