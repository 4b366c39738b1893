#include "libcontainerd/memory_fifos.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "libcontainerd/simulated_runtime.h"
#include "tests/lib/runtime/run_coroutine.h"

namespace libcontainerd {
namespace {

class MemoryFifosTest : public testing::Test {
 protected:
  MemoryFifosTest() { fifos_.Create("/f"); }

  std::unique_ptr<MemoryFifos::Reader> Reader() { return fifos_.OpenReader("/f").value(); }
  std::unique_ptr<MemoryFifos::Writer> Writer() { return fifos_.OpenWriter("/f").value(); }

  Status Write(MemoryFifos::Writer& writer, std::string data) {
    return RunCoroutine(runtime_, writer.Write(std::move(data)));
  }
  Result<std::string> Read(MemoryFifos::Reader& reader, std::size_t max_bytes = 100) {
    return RunCoroutine(runtime_, reader.Read(max_bytes));
  }
  // Begins without waiting for the end.
  void BeginWrite(MemoryFifos::Writer& writer, std::string data) {
    Spawn(runtime_, StoreResult(writer.Write(std::move(data)), written_));
    runtime_.RunReady();
  }
  void BeginRead(MemoryFifos::Reader& reader) {
    Spawn(runtime_, StoreResult(reader.Read(100), read_));
    runtime_.RunReady();
  }

  SimulatedRuntime runtime_{1};
  MemoryFifos fifos_{runtime_, 10};
  std::optional<Status> written_;
  std::optional<Result<std::string>> read_;
};

Error ErrorOf(const Status& status) {
  return status.has_value() ? Error() : status.error();
}

const Error kCancelledError{ErrorCode::kCancelled, "stream closed"};
const Error kBrokenPipe{ErrorCode::kUnavailable, "broken pipe"};

TEST_F(MemoryFifosTest, AMissingPathIsNotFound) {
  EXPECT_EQ(fifos_.OpenReader("/none").error(),
            (Error{ErrorCode::kNotFound, "open /none: no such file or directory"}));
  EXPECT_EQ(fifos_.OpenWriter("/none").error().code, ErrorCode::kNotFound);
}

TEST_F(MemoryFifosTest, BytesArriveInOrderInPiecesOfTheReadersChoice) {
  const auto reader = Reader();
  const auto writer = Writer();
  EXPECT_TRUE(Write(*writer, "abc"));
  EXPECT_TRUE(Write(*writer, "def"));
  EXPECT_EQ(Read(*reader, 4), "abcd");
  EXPECT_EQ(Read(*reader, 4), "ef");
}

TEST_F(MemoryFifosTest, AReadWaitsForBytes) {
  const auto reader = Reader();
  const auto writer = Writer();
  BeginRead(*reader);
  EXPECT_FALSE(read_.has_value());
  EXPECT_TRUE(Write(*writer, "x"));
  runtime_.RunReady();
  EXPECT_EQ(read_.value(), "x");
}

TEST_F(MemoryFifosTest, AWriteBeyondTheCapacityWaitsForTheReader) {
  const auto reader = Reader();
  const auto writer = Writer();
  BeginWrite(*writer, "0123456789abcde");
  EXPECT_FALSE(written_.has_value());
  EXPECT_EQ(Read(*reader, 4), "0123");
  EXPECT_FALSE(written_.has_value());
  EXPECT_EQ(Read(*reader, 100), "456789abcd");
  runtime_.RunReady();
  EXPECT_TRUE(written_.has_value() && written_->has_value());
  EXPECT_EQ(Read(*reader), "e");
}

TEST_F(MemoryFifosTest, DataWrittenBeforeTheReaderCameIsThere) {
  const auto writer = Writer();
  EXPECT_TRUE(Write(*writer, "early"));
  EXPECT_FALSE(writer->peer_seen());
  const auto reader = Reader();
  EXPECT_TRUE(writer->peer_seen());
  EXPECT_EQ(Read(*reader), "early");
}

TEST_F(MemoryFifosTest, EndOfFileComesAfterTheLastWriterAndTheLastByte) {
  const auto reader = Reader();
  BeginRead(*reader);
  EXPECT_FALSE(read_.has_value()) << "no writer was there yet";
  auto one = Writer();
  auto two = Writer();
  EXPECT_TRUE(Write(*one, "x"));
  runtime_.RunReady();
  one.reset();
  EXPECT_TRUE(Write(*two, "y"));
  two->Close();
  two->Close();
  EXPECT_EQ(Read(*reader), "y");
  EXPECT_EQ(Read(*reader), "");
  EXPECT_EQ(Read(*reader), "") << "and stays";
}

TEST_F(MemoryFifosTest, TheReadersEndBreaksAPendingWriteAndLaterOnes) {
  auto reader = Reader();
  const auto writer = Writer();
  BeginWrite(*writer, "0123456789abcde");
  reader.reset();
  runtime_.RunReady();
  EXPECT_EQ(ErrorOf(written_.value()), kBrokenPipe);
  EXPECT_EQ(ErrorOf(Write(*writer, "x")), kBrokenPipe);
}

TEST_F(MemoryFifosTest, ClosingItsOwnEndCancelsAPendingWrite) {
  const auto reader = Reader();
  auto writer = Writer();
  BeginWrite(*writer, "0123456789abcde");
  writer.reset();
  runtime_.RunReady();
  EXPECT_EQ(ErrorOf(written_.value()), kCancelledError);
  EXPECT_EQ(Read(*reader), "0123456789") << "what was in the pipe stays readable";
}

TEST_F(MemoryFifosTest, ClosingItsOwnEndCancelsAPendingRead) {
  auto reader = Reader();
  const auto writer = Writer();
  BeginRead(*reader);
  reader.reset();
  runtime_.RunReady();
  EXPECT_EQ(read_.value().error(), kCancelledError);
}

TEST_F(MemoryFifosTest, DataIsGoneOnceNobodyHoldsEitherEnd) {
  EXPECT_TRUE(Write(*Writer(), "lost"));
  const auto reader = Reader();
  BeginRead(*reader);
  EXPECT_FALSE(read_.has_value())
      << "neither the bytes nor the writer's end are seen by who comes later";
  const auto writer = Writer();
  EXPECT_TRUE(Write(*writer, "new"));
  runtime_.RunReady();
  EXPECT_EQ(read_.value(), "new");
}

TEST_F(MemoryFifosTest, APathUsedAgainKnowsNothingOfItsFormerReaders) {
  {
    const auto reader = Reader();
    EXPECT_TRUE(Write(*Writer(), "x"));
  }
  const auto writer = Writer();
  EXPECT_FALSE(writer->peer_seen());
  EXPECT_TRUE(Write(*writer, "y"));
  EXPECT_EQ(Read(*Reader()), "y");
}

TEST_F(MemoryFifosTest, ARemovedPathIsGoneButItsOpenEndsWorkOn) {
  const auto reader = Reader();
  const auto writer = Writer();
  fifos_.Remove("/f");
  EXPECT_FALSE(fifos_.Exists("/f"));
  EXPECT_EQ(fifos_.OpenReader("/f").error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(Write(*writer, "x"));
  EXPECT_EQ(Read(*reader), "x");

  fifos_.Create("/f");
  const auto other = Reader();
  EXPECT_TRUE(Write(*writer, "old pipe"));
  BeginRead(*other);
  EXPECT_FALSE(read_.has_value()) << "the new FIFO of that name is another one";
}

TEST_F(MemoryFifosTest, RemoveBelowTakesEveryPathWithThePrefix) {
  fifos_.Create("/b/1/stdin");
  fifos_.Create("/b/1/stdout");
  fifos_.Create("/b/2/stdin");
  fifos_.RemoveBelow("/b/1/");
  EXPECT_EQ(fifos_.size(), 2U);
  EXPECT_TRUE(fifos_.Exists("/b/2/stdin"));
}

}  // namespace
}  // namespace libcontainerd
