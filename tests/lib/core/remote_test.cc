#include "libcontainerd/remote.h"
