#include "scenarios/journal.h"

#include <fstream>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace scenarios {
namespace {

using ::testing::HasSubstr;

std::string Written(const Journal& journal) {
  std::ostringstream out;
  WriteJournal(journal, out);
  return out.str();
}

// The error of reading `text`, or "ok".
std::string ReadError(const std::string& text) {
  std::istringstream in(text);
  Journal journal;
  const libcontainerd::Status status = ReadJournal(in, "j.jsonl", journal);
  if (status) return "ok";
  EXPECT_EQ(status.error().code, libcontainerd::ErrorCode::kInvalidArgument);
  return status.error().message;
}

// An entry of that kind with all fields set.
Entry FullEntry(Journal& journal, EntryKind kind) {
  Entry entry;
  entry.t = std::chrono::milliseconds(5);
  entry.kind = kind;
  entry.flag = true;
  entry.failed = true;
  entry.code = 4294967295;
  entry.pid = 77;
  entry.what = journal.Intern("exit");
  entry.id = journal.Intern("c1");
  entry.process = journal.Intern("init");
  entry.text = journal.Intern("a \"text\"\n\\");
  entry.number = 18446744073709551615U;
  entry.stamp = 1795469239511843274;
  return entry;
}

TEST(Journal, NumbersItsEntriesFromOne) {
  Journal journal;
  EXPECT_EQ(journal.Record({}), 1U);
  EXPECT_EQ(journal.Record({}), 2U);
  EXPECT_EQ(journal.entries()[1].seq, 2U);
  EXPECT_EQ(journal.NextNumber(), 1U);
  EXPECT_EQ(journal.NextNumber(), 2U);
}

TEST(Journal, InternsStrings) {
  Journal journal;
  EXPECT_EQ(journal.Intern(""), Symbol{});
  const Symbol symbol = journal.Intern("c1");
  EXPECT_EQ(journal.Intern(std::string("c") + "1"), symbol);
  EXPECT_EQ(journal.Text(symbol), "c1");
  EXPECT_EQ(journal.Find("c1"), symbol);
  EXPECT_EQ(journal.Find("c2"), kNoSymbol);
}

TEST(Journal, MayBeWrittenToFromAnyThread) {
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kEach = 5000;
  Journal journal;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&journal, i] {
      for (std::size_t n = 0; n < kEach; ++n) {
        Entry entry;
        entry.id = journal.Intern("c" + std::to_string(n % 50));
        entry.pid = static_cast<std::uint32_t>(i);
        entry.number = journal.NextNumber();
        journal.Record(entry);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  ASSERT_EQ(journal.entries().size(), kThreads * kEach);
  std::vector<std::uint64_t> latest(kThreads, 0);
  for (std::size_t i = 0; i < journal.entries().size(); ++i) {
    const Entry& entry = journal.entries()[i];
    EXPECT_EQ(entry.seq, i + 1);
    EXPECT_LT(latest[entry.pid], entry.number);
    latest[entry.pid] = entry.number;
  }
}

TEST(JournalText, HasItsFieldsInAFixedOrder) {
  Journal journal;
  journal.Record(FullEntry(journal, EntryKind::kEventEmitted));
  EXPECT_EQ(ToJsonLine(journal, journal.entries()[0]),
            R"({"seq":1,"t":5000000,"kind":"event_emitted","what":"exit","id":"c1",)"
            R"("process":"init","number":18446744073709551615,"code":4294967295,"pid":77,)"
            R"("flag":true,"failed":true,"stamp":1795469239511843274,"text":"a \"text\"\n\\"})");
}

TEST(JournalText, LeavesDefaultsOut) {
  Journal journal;
  journal.Record({});
  EXPECT_EQ(Written(journal), "{\"seq\":1,\"t\":0,\"kind\":\"note\"}\n");
}

TEST(JournalText, ReadsWhatItWrote) {
  Journal journal;
  for (std::size_t kind = 0; kind < kEntryKindCount; ++kind) {
    journal.Record(FullEntry(journal, static_cast<EntryKind>(kind)));
  }
  Entry odd;
  odd.t = std::chrono::nanoseconds(-3);
  odd.stamp = std::numeric_limits<std::int64_t>::min();
  odd.id = journal.Intern("ünïcode 🐳 \x01\x7f");
  journal.Record(odd);

  const std::string text = Written(journal);
  std::istringstream in(text);
  Journal read;
  const libcontainerd::Status status = ReadJournal(in, "j.jsonl", read);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(Written(read), text);
  EXPECT_EQ(read.Text(read.entries().back().id), "ünïcode 🐳 \x01\x7f");
  EXPECT_EQ(read.entries().back().t, odd.t);
  EXPECT_EQ(read.entries().back().stamp, odd.stamp);
}

TEST(JournalText, IsValidJsonWhateverTheBytes) {
  Journal journal;
  for (int first = 0; first < 256; ++first) {
    const char bytes[] = {static_cast<char>(first), 'x', static_cast<char>(0xc3),
                          static_cast<char>(255 - first)};
    Entry entry;
    entry.text = journal.Intern(std::string_view(bytes, sizeof(bytes)));
    journal.Record(entry);
  }
  const std::string text = Written(journal);
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) EXPECT_TRUE(nlohmann::json::accept(line)) << line;

  std::istringstream again(text);
  Journal read;
  ASSERT_TRUE(ReadJournal(again, "j.jsonl", read));
  EXPECT_EQ(Written(read), text);
}

TEST(JournalText, WritesMoreThanItsBufferHolds) {
  Journal journal;
  for (int i = 0; i < 3000; ++i) journal.Record(FullEntry(journal, EntryKind::kNote));
  std::istringstream in(Written(journal));
  Journal read;
  ASSERT_TRUE(ReadJournal(in, "j.jsonl", read));
  EXPECT_EQ(read.entries().size(), 3000U);
}

TEST(JournalText, AcceptsFieldsInAnyOrderAndAnEmptyFile) {
  EXPECT_EQ(ReadError(""), "ok");
  EXPECT_EQ(ReadError("{\"kind\": \"note\", \"t\": 0, \"code\": 0, \"seq\": 1}"), "ok");
}

constexpr std::string_view kFields =
    "seq, t, kind, what, id, process, number, code, pid, flag, failed, stamp, text";
constexpr const char* kNote = "{\"seq\":1,\"t\":0,\"kind\":\"note\"}\n";

TEST(JournalErrors, SayWhatIsNotJson) {
  EXPECT_EQ(ReadError("{\"seq\":1,\"t\":0,\"kind\":no}\n"),
            "j.jsonl:1: not JSON at column 24, expected one JSON object per line");
  EXPECT_EQ(ReadError(std::string(kNote) + "{\"seq\":2,\"t\""),
            "j.jsonl:2: not JSON at column 13, expected one JSON object per line");
  EXPECT_EQ(ReadError(std::string(kNote) + "\n"),
            "j.jsonl:2: not JSON at column 1, expected one JSON object per line");
  EXPECT_EQ(ReadError("{\"seq\":1,\"t\":0,\"kind\":\"note\"} {}\n"),
            "j.jsonl:1: something follows the object, expected one JSON object per line");
  EXPECT_EQ(ReadError("[1]\n"), "j.jsonl:1: an array, expected one JSON object per line");
  EXPECT_EQ(ReadError("7\n"), "j.jsonl:1: a number, expected one JSON object per line");
}

TEST(JournalErrors, SayWhatIsUnknown) {
  EXPECT_EQ(ReadError("{\"seq\":1,\"t\":0,\"kind\":\"tea\"}\n"),
            "j.jsonl:1: unknown kind \"tea\", expected one of call_begin, call_end, rpc_begin, "
            "rpc_end, event_emitted, event_delivered, event_dropped, callback_begin, callback_end, "
            "attach_begin, attach_end, stdio_opened, stdio_written, stdio_read, stdio_eof, "
            "stdio_source_eof, stdio_closed, bundle_created, bundle_removed, fifos_created, "
            "fifos_removed, bundle_files, cursor_read, cursor_writing, cursor_written, "
            "daemon_started, daemon_adopted, daemon_refused, daemon_signalled, daemon_ended, "
            "health_checked, tracked, running, snapshot, fault_fired, held, released, note");
  EXPECT_EQ(ReadError("{\"seq\":1,\"t\":0,\"kind\":\"note\",\"tea\":1}\n"),
            "j.jsonl:1: unknown field \"tea\", expected one of " + std::string(kFields));
  EXPECT_EQ(ReadError("{\"seq\":1,\"seq\":1}\n"), "j.jsonl:1: \"seq\" stands twice, expected once");
}

TEST(JournalErrors, SayWhatIsMissing) {
  EXPECT_EQ(ReadError("{\"t\":0,\"kind\":\"note\"}\n"),
            "j.jsonl:1: \"seq\" is missing, expected in every line");
  EXPECT_EQ(ReadError("{\"seq\":1,\"kind\":\"note\"}\n"),
            "j.jsonl:1: \"t\" is missing, expected in every line");
  EXPECT_EQ(ReadError("{}\n"), "j.jsonl:1: \"seq\" is missing, expected in every line");
  const std::string start = "{\"seq\":1,\"t\":0,\"kind\":";
  EXPECT_EQ(ReadError(start + "\"call_begin\",\"number\":1}\n"),
            "j.jsonl:1: \"what\" is missing, expected in every call_begin");
  EXPECT_EQ(ReadError(start + "\"rpc_end\",\"what\":\"State\"}\n"),
            "j.jsonl:1: \"number\" is missing, expected in every rpc_end");
  EXPECT_EQ(ReadError(start + "\"callback_begin\",\"what\":\"exit\",\"number\":1}\n"),
            "j.jsonl:1: \"id\" is missing, expected in every callback_begin");
  EXPECT_EQ(ReadError(start + "\"attach_end\",\"id\":\"c1\"}\n"),
            "j.jsonl:1: \"number\" is missing, expected in every attach_end");
  EXPECT_EQ(ReadError(start + "\"fifos_removed\"}\n"),
            "j.jsonl:1: \"id\" is missing, expected in every fifos_removed");
  EXPECT_EQ(ReadError(start + "\"snapshot\",\"what\":\"fds\"}\n"),
            "j.jsonl:1: \"text\" is missing, expected in every snapshot");
}

TEST(JournalErrors, SayWhatHasTheWrongType) {
  const auto error_of = [](const std::string& field) {
    return ReadError("{\"seq\":1,\"t\":0,\"kind\":\"note\"," + field + "}\n");
  };
  EXPECT_EQ(error_of("\"id\":7"), "j.jsonl:1: \"id\" is a number, expected a string");
  EXPECT_EQ(error_of("\"what\":null"), "j.jsonl:1: \"what\" is null, expected a string");
  EXPECT_EQ(error_of("\"text\":[]"), "j.jsonl:1: \"text\" is an array, expected a string");
  EXPECT_EQ(error_of("\"flag\":1"), "j.jsonl:1: \"flag\" is a number, expected true or false");
  EXPECT_EQ(error_of("\"code\":true"),
            "j.jsonl:1: \"code\" is true, expected a whole number from 0 to 4294967295");
  EXPECT_EQ(error_of("\"code\":4294967296"),
            "j.jsonl:1: \"code\" is 4294967296, expected a whole number from 0 to 4294967295");
  EXPECT_EQ(error_of("\"pid\":-1"),
            "j.jsonl:1: \"pid\" is -1, expected a whole number from 0 to 4294967295");
  EXPECT_EQ(error_of("\"number\":1.5"),
            "j.jsonl:1: \"number\" is 1.5, expected a whole number from 0 to 18446744073709551615");
  EXPECT_EQ(error_of("\"stamp\":9223372036854775808"),
            "j.jsonl:1: \"stamp\" is 9223372036854775808, expected a whole number of nanoseconds "
            "in 64 bits");
  EXPECT_EQ(error_of("\"stamp\":\"now\""),
            "j.jsonl:1: \"stamp\" is a string, expected a whole number of nanoseconds in 64 bits");
  EXPECT_EQ(error_of("\"id\":{\"x\":1}"), "j.jsonl:1: \"id\" is an object, expected a string");
}

TEST(JournalErrors, SayWhereTheNumberingBreaks) {
  EXPECT_EQ(ReadError("{\"seq\":2,\"t\":0,\"kind\":\"note\"}\n"),
            "j.jsonl:1: \"seq\" is 2, expected 1");
  EXPECT_EQ(ReadError(std::string(kNote) + kNote), "j.jsonl:2: \"seq\" is 1, expected 2");
}

TEST(JournalErrors, KeepWhatWasReadBefore) {
  std::istringstream in(std::string(kNote) + "x\n");
  Journal journal;
  EXPECT_FALSE(ReadJournal(in, "j.jsonl", journal));
  EXPECT_EQ(journal.entries().size(), 1U);
}

TEST(JournalDocs, NameEveryKindAndField) {
  std::ifstream in(std::string(DRYDOCK_SOURCE_DIR) + "/docs/journal.md");
  std::ostringstream page;
  page << in.rdbuf();
  for (std::size_t kind = 0; kind < kEntryKindCount; ++kind) {
    const std::string name(EntryKindName(static_cast<EntryKind>(kind)));
    EXPECT_THAT(page.str(), HasSubstr("`" + name + "`"));
    EXPECT_EQ(EntryKindFromName(name), static_cast<EntryKind>(kind));
  }
  for (const std::string_view field : JournalFieldNames()) {
    EXPECT_THAT(page.str(), HasSubstr("| `" + std::string(field) + "` |"));
  }
  for (const std::string_view text : {kBaseline, kEnd, kLiveOnly, kNoCleanNote, kEngineGoneNote,
                                      kEngineBackNote, kCursorReplacedNote}) {
    EXPECT_THAT(page.str(), HasSubstr("`" + std::string(text) + "`"));
  }
}

// Every line of the page's example is one that the reader accepts.
TEST(JournalDocs, HaveAnExampleThatCanBeRead) {
  std::ifstream in(std::string(DRYDOCK_SOURCE_DIR) + "/docs/journal.md");
  std::string example;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("{")) example += line + '\n';
  }
  ASSERT_NE(example, "");
  std::istringstream text(example);
  Journal journal;
  const libcontainerd::Status status = ReadJournal(text, "docs/journal.md", journal);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(Written(journal), example);
}

}  // namespace
}  // namespace scenarios
