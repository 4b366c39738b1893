#include "libcontainerd/stdio.h"

namespace libcontainerd {

StdioPaths StdioPaths::In(const std::string& bundle, const std::string& name) {
  const std::string base = bundle + "/" + name;
  return StdioPaths{.in = base + "-stdin", .out = base + "-stdout", .err = base + "-stderr"};
}

}  // namespace libcontainerd
