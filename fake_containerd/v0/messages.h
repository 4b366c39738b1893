// The world's values as messages of the 0.2 API, and the other way round.
#pragma once

#include "containerd_v0.pb.h"
#include "fake_containerd/world/model.h"
#include "fake_containerd/world/subscribers.h"
#include "fake_containerd/world/world.h"
#include "libcontainerd/error.h"

namespace fake_containerd::v0 {

types::Container ToMessage(const ContainerInfo& info);
types::Event ToMessage(const Event& event);
// The same into a message that may have been used before.
void FillMessage(const Event& event, types::Event& message);
types::StatsResponse ToMessage(const TaskStats& stats);
void FillTimestamp(WallTime time, google::protobuf::Timestamp& timestamp);

// The text of that field; empty where a message has none of that name.
std::string TextField(const google::protobuf::Message& message, const std::string& name);

ProcessSpec FromMessage(const types::AddProcessRequest& request);
// 0 and empty mean "leave as it is", as in the real daemon. Fields 12 to 17 are ignored; pidsLimit
// counts only with `late_fields`.
Resources FromMessage(const types::UpdateResource& resource, bool late_fields);
CheckpointOptions FromMessage(const types::Checkpoint& checkpoint);
// Neither `exit` nor `emptyNS`: the real daemon leaves them out.
types::Checkpoint ToMessage(const CheckpointOptions& options);

// The event stream that a request asks for, or why there is none.
libcontainerd::Result<EventFilter> ToFilter(const types::EventsRequest& request,
                                            const std::string& space);

}  // namespace fake_containerd::v0
