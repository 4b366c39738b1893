// The reader of saved journals: whatever it accepts comes out again as it was.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>

#include "scenarios/journal.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::istringstream in(std::string(reinterpret_cast<const char*>(data), size));
  scenarios::Journal journal;
  if (!scenarios::ReadJournal(in, "input", journal)) return 0;

  std::stringstream written;
  scenarios::WriteJournal(journal, written);
  const std::string text = written.str();
  scenarios::Journal again;
  std::ostringstream rewritten;
  if (!scenarios::ReadJournal(written, "written", again)) std::abort();
  scenarios::WriteJournal(again, rewritten);
  if (rewritten.str() != text) std::abort();
  return 0;
}
