#include "scenarios/runner/request_text.h"

namespace scenarios {

std::string RequestText(libcontainerd::Method method, const google::protobuf::Message& request) {
  std::string text(libcontainerd::MethodName(method));
  const auto field = [&](const char* name) -> std::string {
    const auto* descriptor = request.GetDescriptor()->FindFieldByName(name);
    if (descriptor == nullptr) return {};
    const auto* reflection = request.GetReflection();
    if (descriptor->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_STRING) {
      return reflection->GetString(request, descriptor);
    }
    return std::to_string(reflection->GetUInt32(request, descriptor));
  };
  if (const std::string id = field("id"); !id.empty()) text += " " + id;
  if (const std::string pid = field("pid"); !pid.empty()) text += "/" + pid;
  if (method == libcontainerd::Method::kSignal) text += " " + field("signal");
  if (const std::string status = field("status"); !status.empty()) text += " " + status;
  if (method == libcontainerd::Method::kUpdateProcess &&
      static_cast<const types::UpdateProcessRequest&>(request).closestdin()) {
    text += " closeStdin";
  }
  return text;
}

}  // namespace scenarios
