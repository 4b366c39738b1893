// JSON of a recording to protobuf messages.
//
// The recorder wrote Go's encoding of the generated structs, which is not protobuf's JSON: a
// Timestamp is an object {seconds, nanos} with any numbers in it (an event's is RFC 3339 text),
// 64-bit integers are numbers, maps and field names are as in the .proto. So messages are filled by
// reflection; field names are taken in the spellings snake_case and camelCase alike.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "containerd_v0.pb.h"
#include "scenarios/recording_fields.h"

namespace scenarios {

// The message types of a method of the containerd API; null for a method that it does not have.
const google::protobuf::Descriptor* RequestType(const std::string& method);
const google::protobuf::Descriptor* ResponseType(const std::string& method);
// "CreateContainer, Signal, …", for messages.
std::string MethodNames();

// Fills `message` from `object`. Problems go to `fields`, naming the path below `path`
// ("request.user.uid"). Paths of fields that the message does not have are added to `unknown`.
void JsonToMessage(const nlohmann::json& object, const std::string& path, LineFields& fields,
                   std::vector<std::string>& unknown, google::protobuf::Message& message);

// Replaces placeholders in every string of `message` (recording.h).
void SubstituteInMessage(const std::map<std::string, std::string>& values,
                         google::protobuf::Message& message);

}  // namespace scenarios
