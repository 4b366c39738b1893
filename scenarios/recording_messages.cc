#include "scenarios/recording_messages.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>
#include <map>
#include <optional>
#include <utility>

namespace scenarios {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;
using google::protobuf::Reflection;
using nlohmann::json;

const google::protobuf::ServiceDescriptor* Api() {
  return types::Event::descriptor()->file()->FindServiceByName("API");
}

const MethodDescriptor* FindMethod(const std::string& method) {
  return Api()->FindMethodByName(method);
}

// "bundlePath", "bundle_path" and "BundlePath" are one name.
std::string Folded(std::string_view name) {
  std::string folded;
  for (const char letter : name) {
    if (letter == '_') continue;
    folded.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(letter))));
  }
  return folded;
}

const FieldDescriptor* FindField(const Descriptor& type, const std::string& name) {
  if (const FieldDescriptor* field = type.FindFieldByName(name)) return field;
  const std::string folded = Folded(name);
  for (int i = 0; i < type.field_count(); ++i) {
    if (Folded(type.field(i)->name()) == folded) return type.field(i);
  }
  return nullptr;
}

// A value of one field, whole, before it is set or added.
class ValueReader {
 public:
  ValueReader(const json& value, std::string path, LineFields& fields)
      : value_(value), path_(std::move(path)), fields_(fields) {}

  void Wrong(const std::string& expected) {
    const bool show = value_.is_number() || value_.is_boolean() || value_.is_string();
    fields_.Problem("field \"" + path_ + "\" is " +
                    (show ? value_.dump(-1, ' ', false, json::error_handler_t::replace)
                          : std::string(JsonTypeWords(value_))) +
                    ", expected " + expected);
  }

  template <class Number>
  Number Integer() {
    const std::string expected = "a whole number from " +
                                 std::to_string(std::numeric_limits<Number>::min()) + " to " +
                                 std::to_string(std::numeric_limits<Number>::max());
    if (value_.is_number_unsigned()) {
      const auto number = value_.get<std::uint64_t>();
      if (std::in_range<Number>(number)) return static_cast<Number>(number);
    } else if (value_.is_number_integer()) {
      const auto number = value_.get<std::int64_t>();
      if (std::in_range<Number>(number)) return static_cast<Number>(number);
    } else if (value_.is_string() && sizeof(Number) == 8) {  // protobuf's own JSON
      const std::string& text = value_.get_ref<const std::string&>();
      Number number{};
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error == std::errc() && end == text.data() + text.size()) return number;
    }
    Wrong(expected);
    return Number{};
  }

  bool Bool() {
    if (value_.is_boolean()) return value_.get<bool>();
    Wrong("true or false");
    return false;
  }

  std::string Text() {
    if (value_.is_string()) return value_.get<std::string>();
    Wrong("a string");
    return {};
  }

  double Real() {
    if (value_.is_number()) return value_.get<double>();
    Wrong("a number");
    return 0;
  }

 private:
  const json& value_;
  std::string path_;
  LineFields& fields_;
};

class Converter {
 public:
  Converter(LineFields& fields, std::vector<std::string>& unknown)
      : fields_(fields), unknown_(unknown) {}

  void Fill(const json& value, const std::string& path, Message& message) {
    if (message.GetDescriptor()->full_name() == "google.protobuf.Timestamp" && value.is_string()) {
      return FillTimestamp(value.get_ref<const std::string&>(), path, message);
    }
    if (!value.is_object()) return ValueReader(value, path, fields_).Wrong("an object");
    for (const auto& [name, member] : value.items()) {
      const std::string member_path = path + "." + name;
      const FieldDescriptor* field = FindField(*message.GetDescriptor(), name);
      if (field == nullptr) {
        unknown_.push_back(member_path);
      } else if (!member.is_null()) {
        FillField(member, member_path, *field, message);
      }
    }
  }

 private:
  void FillTimestamp(const std::string& text, const std::string& path, Message& message) {
    const std::optional<UnixTime> time = ParseRfc3339(text);
    if (!time) {
      return fields_.Problem("field \"" + path + "\" is " + json(text).dump() +
                             ", expected RFC 3339 such as 2026-11-23T21:29:31.184368376Z");
    }
    auto& timestamp = static_cast<google::protobuf::Timestamp&>(message);
    timestamp.set_seconds(time->seconds);
    timestamp.set_nanos(time->nanos);
  }

  void FillField(const json& value, const std::string& path, const FieldDescriptor& field,
                 Message& message) {
    if (field.is_map()) return FillMap(value, path, field, message);
    if (!field.is_repeated()) return SetOrAdd(value, path, field, message);
    if (!value.is_array()) return ValueReader(value, path, fields_).Wrong("an array");
    std::size_t index = 0;
    for (const json& element : value) {
      SetOrAdd(element, path + "[" + std::to_string(index++) + "]", field, message);
    }
  }

  // A map is a repeated message of key and value.
  void FillMap(const json& value, const std::string& path, const FieldDescriptor& field,
               Message& message) {
    if (!value.is_object()) return ValueReader(value, path, fields_).Wrong("an object");
    for (const auto& [key, member] : value.items()) {
      Message* entry = message.GetReflection()->AddMessage(&message, &field);
      const Descriptor& type = *field.message_type();
      SetOrAdd(json(key), path, *type.map_key(), *entry);
      SetOrAdd(member, path + "." + key, *type.map_value(), *entry);
    }
  }

  void SetOrAdd(const json& value, const std::string& path, const FieldDescriptor& field,
                Message& message) {
    const Reflection& to = *message.GetReflection();
    ValueReader from(value, path, fields_);
    const bool add = field.is_repeated();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return add ? to.AddInt32(&message, &field, from.Integer<std::int32_t>())
                   : to.SetInt32(&message, &field, from.Integer<std::int32_t>());
      case FieldDescriptor::CPPTYPE_INT64:
        return add ? to.AddInt64(&message, &field, from.Integer<std::int64_t>())
                   : to.SetInt64(&message, &field, from.Integer<std::int64_t>());
      case FieldDescriptor::CPPTYPE_UINT32:
        return add ? to.AddUInt32(&message, &field, from.Integer<std::uint32_t>())
                   : to.SetUInt32(&message, &field, from.Integer<std::uint32_t>());
      case FieldDescriptor::CPPTYPE_UINT64:
        return add ? to.AddUInt64(&message, &field, from.Integer<std::uint64_t>())
                   : to.SetUInt64(&message, &field, from.Integer<std::uint64_t>());
      case FieldDescriptor::CPPTYPE_BOOL:
        return add ? to.AddBool(&message, &field, from.Bool())
                   : to.SetBool(&message, &field, from.Bool());
      case FieldDescriptor::CPPTYPE_STRING:
        return add ? to.AddString(&message, &field, from.Text())
                   : to.SetString(&message, &field, from.Text());
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return add ? to.AddDouble(&message, &field, from.Real())
                   : to.SetDouble(&message, &field, from.Real());
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return Fill(value, path,
                    *(add ? to.AddMessage(&message, &field) : to.MutableMessage(&message, &field)));
      case FieldDescriptor::CPPTYPE_FLOAT:
      case FieldDescriptor::CPPTYPE_ENUM:  // containerd 0.2 has neither
        return from.Wrong("nothing: fields of this type are not part of the API");
    }
  }

  LineFields& fields_;
  std::vector<std::string>& unknown_;
};

}  // namespace

const Descriptor* RequestType(const std::string& method) {
  const MethodDescriptor* found = FindMethod(method);
  return found == nullptr ? nullptr : found->input_type();
}

const Descriptor* ResponseType(const std::string& method) {
  const MethodDescriptor* found = FindMethod(method);
  return found == nullptr ? nullptr : found->output_type();
}

std::string MethodNames() {
  std::string names;
  for (int i = 0; i < Api()->method_count(); ++i) {
    names += (i == 0 ? "" : ", ") + Api()->method(i)->name();
  }
  return names;
}

void JsonToMessage(const json& object, const std::string& path, LineFields& fields,
                   std::vector<std::string>& unknown, Message& message) {
  Converter(fields, unknown).Fill(object, path, message);
}

void SubstituteInMessage(const std::map<std::string, std::string>& values, Message& message) {
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> present;
  reflection.ListFields(message, &present);
  for (const FieldDescriptor* field : present) {
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
        if (field->is_repeated()) {
          reflection.SetRepeatedString(
              &message, field, i,
              SubstitutePlaceholders(reflection.GetRepeatedString(message, field, i), values));
        } else {
          reflection.SetString(
              &message, field,
              SubstitutePlaceholders(reflection.GetString(message, field), values));
        }
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        SubstituteInMessage(values, field->is_repeated()
                                        ? *reflection.MutableRepeatedMessage(&message, field, i)
                                        : *reflection.MutableMessage(&message, field));
      }
    }
  }
}

}  // namespace scenarios
