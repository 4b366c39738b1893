// Words for a POSIX shell.
#pragma once

#include <string>

namespace scenarios {

// `text` between single quotes, whatever is in it.
std::string ShellQuoted(const std::string& text);

}  // namespace scenarios
