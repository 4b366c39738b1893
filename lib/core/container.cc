#include "lib/core/container.h"

namespace libcontainerd {

void AttachedStdio::Started() {
  if (streams) streams->PeerOpened();
  if (stdin_closer) stdin_closer->Started();
}

void AttachedStdio::Abandon() {
  if (streams) streams->Abandon();
  if (stdin_closer) stdin_closer->Failed();
}

void AttachedStdio::ProcessGone() {
  // A writer that never came, or came and went before us, would be waited for in vain.
  if (streams) streams->Abandon();
  if (stdin_closer) stdin_closer->Gone();
}

}  // namespace libcontainerd
