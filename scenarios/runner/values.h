// Values that actions and setups carry as text, as the things that they mean.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <string>

#include "fake_containerd/choices.h"
#include "libcontainerd/error.h"
#include "scenarios/actions/fields.h"

namespace scenarios {

// "INTERNAL the text". INVALID_ARGUMENT lists the codes.
libcontainerd::Result<libcontainerd::Error> ParseErrorText(const std::string& text);

// As in scripts of the fake; the seed is for what is drawn. INVALID_ARGUMENT says what is wrong.
libcontainerd::Result<fake_containerd::Choices> ParseChoicesText(const JsonText& choices,
                                                                 std::uint64_t seed);

}  // namespace scenarios
