// Part of every target: what AddressSanitizer keeps in mind of memory that is freed. Without the
// sanitizer nobody calls this; ASAN_OPTIONS go before it.
//
// Freed memory is used again when what was freed after it exceeds the quarantine. An execution
// takes down all that it made, so that it has to hold what one execution frees (0.1 MB for a
// sequence of events) and some more; the usual 256 MB make every execution touch new pages.
//
// Nobody needs to know where each block was allocated until something is found. Then
// ASAN_OPTIONS=malloc_context_size=30 TARGET CRASH says it.
extern "C" const char* __asan_default_options();  // NOLINT(bugprone-reserved-identifier)

extern "C" const char* __asan_default_options() {  // NOLINT(bugprone-reserved-identifier)
  return "quarantine_size_mb=" DRYDOCK_QUARANTINE_MB
         ":thread_local_quarantine_size_kb=64:malloc_context_size=1";
}
