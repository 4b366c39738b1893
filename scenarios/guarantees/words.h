// The words of a journal that judges look for, as its symbols; kNoSymbol where it holds none.
#pragma once

#include "scenarios/journal.h"

namespace scenarios {

struct Words {
  explicit Words(const Journal& journal)
      : create(journal.Find("create")),
        add_process(journal.Find("add-process")),
        signal(journal.Find("signal")),
        signal_process(journal.Find("signal-process")),
        resize(journal.Find("resize")),
        update(journal.Find("update")),
        pids(journal.Find("pids")),
        close(journal.Find("close")),
        cleanup(journal.Find("cleanup")),
        restore(journal.Find("restore")),
        pause(journal.Find("pause")),
        resume(journal.Find("resume")),
        start(journal.Find("start-container")),
        exit(journal.Find("exit")),
        exit_process(journal.Find("exit-process")),
        oom(journal.Find("oom")),
        create_rpc(journal.Find("CreateContainer")),
        add_process_rpc(journal.Find("AddProcess")),
        signal_rpc(journal.Find("Signal")),
        update_process_rpc(journal.Find("UpdateProcess")),
        update_container_rpc(journal.Find("UpdateContainer")),
        state_rpc(journal.Find("State")),
        events_rpc(journal.Find("Events")),
        init(journal.Find("init")),
        stdin_stream(journal.Find("stdin")),
        end(journal.Find(kEnd)),
        tracked(journal.Find("tracked")),
        running(journal.Find("running")),
        engine_gone(journal.Find(kEngineGoneNote)),
        engine_back(journal.Find(kEngineBackNote)),
        cursor_replaced(journal.Find(kCursorReplacedNote)),
        no_clean(journal.Find(kNoCleanNote)),
        container_not_found(journal.Find("containerd: container not found")),
        bundle_remove(journal.Find("bundle.remove")),
        fifos_remove(journal.Find("fifos.remove")) {}

  bool IsEngineGone(const Entry& entry) const {
    return entry.kind == EntryKind::kNote && entry.text == engine_gone;
  }
  // The disk refused to remove it: nobody can be blamed for what is still there.
  bool BundleStays(const Entry& entry) const {
    return entry.kind == EntryKind::kFaultFired && entry.what == bundle_remove;
  }
  bool FifosStay(const Entry& entry) const {
    return entry.kind == EntryKind::kFaultFired && entry.what == fifos_remove;
  }
  bool IsInitExit(const Entry& event) const { return event.what == exit && event.process == init; }
  // The other events are never called back.
  bool IsCalledBack(const Entry& event) const {
    return event.what == exit || event.what == oom || event.what == pause || event.what == resume;
  }
  // The client or its remote is told to end: it owes no more callbacks, streams or checks.
  bool IsClosing(const Entry& entry) const {
    return entry.kind == EntryKind::kCallBegin && (entry.what == close || entry.what == cleanup);
  }

  // Operations.
  const Symbol create;
  const Symbol add_process;
  const Symbol signal;
  const Symbol signal_process;
  const Symbol resize;
  const Symbol update;
  const Symbol pids;
  const Symbol close;
  const Symbol cleanup;
  // Operations and states; pause and resume are events, too.
  const Symbol restore;
  const Symbol pause;
  const Symbol resume;
  // States; start-container, exit and oom are events, too.
  const Symbol start;
  const Symbol exit;
  const Symbol exit_process;
  const Symbol oom;
  // Methods.
  const Symbol create_rpc;
  const Symbol add_process_rpc;
  const Symbol signal_rpc;
  const Symbol update_process_rpc;
  const Symbol update_container_rpc;
  const Symbol state_rpc;
  const Symbol events_rpc;

  const Symbol init;
  const Symbol stdin_stream;
  const Symbol end;
  const Symbol tracked;
  const Symbol running;
  const Symbol engine_gone;
  const Symbol engine_back;
  const Symbol cursor_replaced;
  const Symbol no_clean;
  const Symbol container_not_found;  // the daemon's words
  // Points of the engine.
  const Symbol bundle_remove;
  const Symbol fifos_remove;
};

}  // namespace scenarios
