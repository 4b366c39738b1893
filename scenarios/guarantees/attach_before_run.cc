#include <unordered_map>

#include "scenarios/guarantees/judging.h"
#include "scenarios/guarantees/symbol_map.h"

namespace scenarios {
namespace {

// The latest attach of a process, and what has to wait for it.
struct Attachment {
  std::uint64_t begin = 0;
  std::uint64_t number = 0;
  std::uint64_t end = 0;  // it succeeded
  bool failed = false;
  std::uint64_t request = 0;  // of an exec: its AddProcess
  std::uint64_t request_number = 0;
};

class AttachJudge {
 public:
  explicit AttachJudge(const Evidence& evidence)
      : journal_(evidence.journal()), words_(evidence.words()) {}

  Judgement Judge() {
    for (const Entry& entry : journal_.entries()) {
      any_attach_ |= entry.kind == EntryKind::kAttachBegin;
    }
    if (!any_attach_) return {};
    for (const Entry& entry : journal_.entries()) Visit(entry);
    return std::move(findings_).Conclude();
  }

 private:
  void Visit(const Entry& entry) {
    switch (entry.kind) {
      case EntryKind::kAttachBegin: {
        Attachment& attachment = Of(entry);
        const Attachment fresh{.begin = entry.seq,
                               .number = entry.number,
                               .request = attachment.request,
                               .request_number = attachment.request_number};
        attachment = fresh;
        break;
      }
      case EntryKind::kAttachEnd:
        AttachEnd(entry);
        break;
      case EntryKind::kRpcBegin:
        if (entry.what == words_.create_rpc) Created(entry);
        if (entry.what == words_.add_process_rpc) {
          Of(entry) = Attachment{.request = entry.seq, .request_number = entry.number};
        }
        break;
      case EntryKind::kRpcEnd:
        if (entry.what == words_.add_process_rpc && Failed(entry) &&
            Of(entry).request_number == entry.number) {
          Of(entry) = {};
        }
        break;
      case EntryKind::kCallbackBegin:
        if (entry.what == words_.exit_process) ExecExited(entry);
        break;
      case EntryKind::kNote:
        if (words_.IsEngineGone(entry)) {
          attachments_.clear();
        }
        break;
      default:
        break;
    }
  }

  Attachment& Of(const Entry& entry) { return attachments_[PairKey(entry.id, entry.process)]; }

  void AttachEnd(const Entry& entry) {
    Attachment& attachment = Of(entry);
    if (attachment.number != entry.number) return;
    attachment.failed = entry.failed;
    if (!entry.failed) attachment.end = entry.seq;
    // Its exit is absorbed; whoever bears the name later is somebody else.
    if (entry.failed && entry.process != words_.init) attachment = {};
  }

  void Created(const Entry& rpc) {
    findings_.Observe();
    const Attachment attachment = attachments_[PairKey(rpc.id, words_.init)];
    attachments_[PairKey(rpc.id, words_.init)] = {};  // the next create has one of its own
    if (attachment.end != 0) return;
    const std::string& id = journal_.Text(rpc.id);
    if (attachment.begin == 0) {
      findings_.Add(id + ": CreateContainer was sent without an attach of init", {rpc.seq});
    } else if (attachment.failed) {
      findings_.Add(id + ": CreateContainer was sent though the attach of init had failed",
                    {attachment.begin, rpc.seq});
    } else {
      findings_.Add(id + ": CreateContainer was sent before the attach of init had ended",
                    {attachment.begin, rpc.seq});
    }
  }

  void ExecExited(const Entry& callback) {
    const auto found = attachments_.find(PairKey(callback.id, callback.process));
    if (found == attachments_.end()) return;  // somebody else's exec
    const Attachment attachment = found->second;
    attachments_.erase(found);
    if (attachment.begin == 0 && attachment.request == 0) return;
    findings_.Observe();
    if (attachment.end != 0) return;
    findings_.Add(SubjectName(journal_, callback) +
                      ": exit-process was called back before its attach had " +
                      (attachment.begin == 0 ? "begun" : "ended"),
                  {attachment.request, attachment.begin, callback.seq});
  }

  const Journal& journal_;
  const Words& words_;
  Findings findings_;
  bool any_attach_ = false;
  std::unordered_map<std::uint64_t, Attachment> attachments_;  // by id and name
};

Judgement JudgeAttachBeforeRun(const Evidence& evidence) {
  return AttachJudge(evidence).Judge();
}

}  // namespace

constinit const Guarantee kAttachBeforeRun{
    "attach-before-run",
    "The attach of init has ended well before its CreateContainer is sent; that of an exec before "
    "its exit-process is called back.",
    "without an attach, or without a CreateContainer or an exit-process that has to wait for one",
    &JudgeAttachBeforeRun,
};

}  // namespace scenarios
