#include "scenarios/guarantees/guarantee_docs.h"

#include "scenarios/guarantees/guarantee.h"

namespace scenarios {
namespace {

constexpr std::string_view kIntroduction =
    R"(# Guarantees

What an engine built on libcontainerd is owed. Each guarantee is judged from a recorded journal alone
([journal.md](journal.md)), and the answer is one of three:

* **held**
* **broken**, with a sentence for each violation and the entries that show it
* **not observable**: the journal lacks what the guarantee is about

A *life* of a container is one create that got as far as its CreateContainer RPC, or one restore, up to the end of its
exit callback. A create that was refused before its RPC begins no life. A restored life continues the one before it, as
the container is the same; when the engine goes away (a note of the journal), the lives that it leaves behind owe nothing
until a restore continues them. An event belongs to the life during which the
daemon emitted it, however late or often it is delivered; a repeated event (same id, type, process and timestamp) owes
nothing. The end of the journal counts as rest: what has not been called back by then never is.

Time is the journal's own clock. The bounds are those of the client's `Timing`, which whoever judges hands over; what must
happen at once may take a second on that clock.

This page is generated from `scenarios/guarantees/`.
)";

}  // namespace

std::string RenderGuaranteeDocs() {
  std::string page(kIntroduction);
  for (const Guarantee& guarantee : AllGuarantees()) {
    page.append("\n## `").append(guarantee.name).append("`\n\n");
    page.append(guarantee.sentence).append("\n\n");
    page.append("Not observable ").append(guarantee.blind).append(".\n");
  }
  return page;
}

}  // namespace scenarios
