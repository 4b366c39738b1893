// Small file operations with errors as values, worded as Go's os package words them ("open PATH: no
// such file or directory"), because containerd's users know those texts.
#pragma once

#include <string>
#include <string_view>

#include "libcontainerd/error.h"

namespace libcontainerd {

// The error of a failed system call: code by errno, text "OPERATION PATH: reason".
Error SystemError(std::string_view operation, const std::string& path, int error_number);

// Makes the file, which must not exist, with exactly this content (mode 0600).
Status WriteNewFile(const std::string& path, std::string_view content);
Result<std::string> ReadFile(const std::string& path);
// Removes a file or a whole directory tree, symbolic links not followed; a missing one is fine.
Status RemoveTree(const std::string& path);
// Makes one directory with exactly this mode, whatever the umask.
Status MakeDirectory(const std::string& path, unsigned mode);

}  // namespace libcontainerd
