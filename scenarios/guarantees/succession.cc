#include "scenarios/guarantees/succession.h"

namespace scenarios {
LifeIndex Succession::Living(LifeIndex latest) const {
  const LifeIndex before = LeftBefore(latest);  // it ends only when the create is carried out
  if (before != kNoLife && lives_[before].exit_emitted == 0) return before;
  const LifeIndex left = LeftBehind(latest);
  return left != kNoLife ? left : latest;
}

LifeIndex Succession::EndedBefore(LifeIndex latest) const {
  const LifeIndex before = LeftBefore(latest);
  if (before == kNoLife) return kNoLife;
  const Life& created = lives_[Origin(latest)];
  const bool while_asked = created.rpc_end == 0 && lives_[before].exit_emitted > created.rpc_begin;
  return while_asked ? before : kNoLife;
}

LifeIndex Succession::UntoldBefore(LifeIndex latest) const {
  latest = Origin(latest);
  if (latest == kNoLife || !ahead_.StartsTwice(lives_[latest].rpc_begin)) return kNoLife;
  const LifeIndex before = Origin(LeftBehind(lives_[latest].previous));
  if (before == kNoLife || !lives_[before].LeftAlone()) return kNoLife;
  const Life& life = lives_[before];
  const bool untold = life.rpc_begin != 0 && life.start_emitted == 0 && life.exit_emitted == 0;
  return untold ? before : kNoLife;
}

LifeIndex Succession::TakenOver(LifeIndex latest, const Entry& restore) const {
  if (!ahead_.has_starts() || !ahead_.EndedWithoutStart(restore)) return LeftBehind(latest);
  while (latest != kNoLife && LedNowhere(latest)) latest = lives_[latest].previous;
  return LeftBehind(latest);
}

bool Succession::MayRun(LifeIndex restored) const {
  LifeIndex source = lives_[restored].continues;
  if (source == kNoLife || lives_[restored].exit_emitted != 0) return false;
  while (source != kNoLife && lives_[source].exit_begin == 0) source = lives_[source].continues;
  return source == kNoLife;
}

LifeIndex Succession::Latest(LifeIndex life) const {
  LifeIndex next = life == kNoLife ? kNoLife : lives_[life].next;
  while (next != kNoLife) {
    const bool same = lives_[next].continues == life;
    if (!same && !lives_[next].Failed()) break;
    if (same) life = next;
    next = lives_[next].next;
  }
  return life;
}

LifeIndex Succession::Origin(LifeIndex life) const {
  while (life != kNoLife && lives_[life].continues != kNoLife) life = lives_[life].continues;
  return life;
}

// A create that the daemon has not carried out when its engine is gone, or a restore cut short that
// found nothing.
bool Succession::LedNowhere(LifeIndex index) const {
  const Life& life = lives_[index];
  if (life.engine_gone == 0 || life.start_emitted != 0 || life.start_begin != 0) return false;
  if (life.restored) {
    return life.exit_begin == 0 && (life.continues == kNoLife || LedNowhere(life.continues));
  }
  return life.rpc_begin != 0 && (life.rpc_end == 0 || life.rpc_failed);
}

LifeIndex Succession::LeftBehind(LifeIndex latest) const {
  LifeIndex ran = latest;
  while (ran != kNoLife && lives_[ran].Failed() && lives_[ran].rpc_failed && !lives_[ran].Runs()) {
    ran = lives_[ran].previous;
  }
  if (ran == kNoLife) return kNoLife;
  const Life& left = lives_[ran];
  if (left.Failed() && !left.Runs()) return kNoLife;
  if (ran == latest) return ran;
  const bool refused =
      left.LeftAlone() && (left.exit_emitted == 0 || left.exit_emitted > lives_[latest].rpc_end);
  return refused ? ran : kNoLife;
}

// The one that nobody tracked when the create was asked for that has not been carried out.
LifeIndex Succession::LeftBefore(LifeIndex latest) const {
  latest = Origin(latest);
  if (latest == kNoLife || !ahead_.has_starts() || lives_[latest].restored ||
      lives_[latest].rpc_begin == 0 || lives_[latest].start_emitted != 0) {
    return kNoLife;
  }
  const LifeIndex before = LeftBehind(lives_[latest].previous);
  if (before == kNoLife || !lives_[before].LeftAlone()) return kNoLife;
  const Life& begun = lives_[Origin(before)];
  return begun.start_emitted != 0 || begun.start_begin != 0 ? before : kNoLife;
}

}  // namespace scenarios
