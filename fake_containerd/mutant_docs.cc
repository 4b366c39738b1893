#include "fake_containerd/mutant_docs.h"

#include "fake_containerd/mutant.h"
#include "libcontainerd/mutant.h"

namespace fake_containerd {
namespace {

// clang-format off
constexpr std::string_view kIntroduction =
    R"page(# Mutants

Small defects, of the kind that people write, which tests plant on purpose: a guarantee, a scenario or a test that notices
none of them is worth nothing. By default none is planted, and nothing pays more for them than the test of a bit.

Those of the client are carried by the object that also switches the reference's behaviour back
([deviations.md](deviations.md)), in the options of client, remote and daemon supervisor; those of the fake by its world's
options:

```cpp
options.reference.Plant(libcontainerd::Mutant::kBundleKept);        // ClientOptions, RemoteOptions, …
world_options.mutants.Plant(fake_containerd::Mutant::kExitEventLost);
```

This page is generated from `lib/core/mutant.cc` and `fake_containerd/mutant.cc`. No name is used twice.

)page";
// clang-format on

template <class Info>
void AppendTable(std::span<const Info> mutants, std::string& page) {
  std::string_view group;
  for (const Info& info : mutants) {
    if (info.group != group) {
      group = info.group;
      page.append("\n### ").append(group).append("\n\n| mutant | the defect |\n|---|---|\n");
    }
    page.append("| `").append(info.name).append("` | ").append(info.sentence).append(" |\n");
  }
}

}  // namespace

std::string RenderMutantDocs() {
  std::string page(kIntroduction);
  page += "## In the client\n";
  AppendTable(libcontainerd::AllMutants(), page);
  page += "\n## In the fake\n";
  AppendTable(AllMutants(), page);
  return page;
}

}  // namespace fake_containerd
