// Loads tfjs_tensorflow.node, the binding itself: with an allocator that keeps what is freed, on a thread that no signal
// interrupts, and without TensorFlow's chatter. It writes to stderr while it is loaded and looks for devices, some of it whatever TF_CPP_MIN_LOG_LEVEL says.

#include <dlfcn.h>
#include <node_api.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#if __has_include("absl/log/globals.h")
#include "absl/log/globals.h"
namespace absl {
ABSL_NAMESPACE_BEGIN
// Not every TensorFlow exports it.
void SetMinLogLevel(absl::LogSeverityAtLeast) __attribute__((weak));
ABSL_NAMESPACE_END
}  // namespace absl
static void set_level(int level) {
  if (absl::SetMinLogLevel) absl::SetMinLogLevel(static_cast<absl::LogSeverityAtLeast>(level));
}
#else
static void set_level(int) {}
#endif

// A tensor of some MB is a mapping of its own otherwise, with a page fault for each 4 KiB, each time a layer computes.
// MALLOC_..._ in the environment, where a user has set them, were read before and are left alone.
static void keep_freed_memory() {
#ifdef __GLIBC__
  const auto set = [](const char* variable, int parameter, int value) {
    return std::getenv(variable) != nullptr || mallopt(parameter, value) == 1;
  };
  // Before glibc 2.35 there is no threshold above 32 MiB.
  if (!set("MALLOC_MMAP_THRESHOLD_", M_MMAP_THRESHOLD, 1 << 30)) mallopt(M_MMAP_THRESHOLD, 32 << 20);
  // -1: never.
  set("MALLOC_TRIM_THRESHOLD_", M_TRIM_THRESHOLD, -1);
  set("MALLOC_TOP_PAD_", M_TOP_PAD, 256 << 20);
#endif
}

// oneDNN's products of matrices, as they are for AVX2, do not stand a handler that runs on their stack: what it leaves there
// gets into the heap and among their numbers. The size of a terminal changing is enough. Other threads of Node take all
// signals, as handlers only pass them on; TensorFlow's threads, which are yet to begin, inherit the mask. What a thread
// raises itself stays, and the profiler's SIGPROF, which is meant for this one.
static void leave_signals_to_others() {
  sigset_t signals;
  sigfillset(&signals);
  for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS, SIGPROF}) sigdelset(&signals, own);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

// What TensorFlow calls an error, and a machine without a GPU, or a process with two XLAs, is none.
static const char* const CHATTER[] = {
    "All log messages before absl::InitializeLog()",
    "To enable the following instructions",
    "failed call to cuInit",
    "cudart_stub",
    "cuda_diagnostics",
    "Unable to register cu",
    "computation placer already registered",
};

// "2026-01-31 12:00:00.000000: I tensorflow/...", "I0000 00:00:00.000000 ...".
static bool is_chatter(const std::string& line) {
  for (const char* known : CHATTER) {
    if (line.find(known) != std::string::npos) return true;
  }
  const auto severity = line.size() > 30 && line[4] == '-' && line[26] == ':' ? 28 : 0;
  const bool is_logged = severity > 0 ? line[severity + 1] == ' ' : line.size() > 4 && isdigit(line[1]) && isdigit(line[4]);
  return is_logged && (line[severity] == 'I' || line[severity] == 'W');
}

static FILE* held = nullptr;
static int own_stderr = -1;

static void hold_back() {
  held = tmpfile();
  own_stderr = held == nullptr ? -1 : dup(STDERR_FILENO);
  if (own_stderr >= 0) dup2(fileno(held), STDERR_FILENO);
}

// All of it: what was written last says why. Calls only what a signal handler may.
static void tell_and_die(int signal_number) {
  char part[4096];
  lseek(fileno(held), 0, SEEK_SET);
  for (ssize_t length; (length = read(fileno(held), part, sizeof part)) > 0;) {
    if (write(own_stderr, part, length) < 0) break;
  }
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

static void let_go() {
  if (own_stderr < 0) return;
  dup2(own_stderr, STDERR_FILENO);
  rewind(held);
  char* text = nullptr;
  size_t room = 0;
  for (ssize_t length; (length = getline(&text, &room, held)) > 0;) {
    const std::string line(text, length);
    if (!is_chatter(line)) fputs(line.c_str(), stderr);
  }
  free(text);
  fclose(held);
  close(own_stderr);
}

NAPI_MODULE_INIT() {
  keep_freed_memory();
  leave_signals_to_others();
  Dl_info self;
  dladdr(reinterpret_cast<void*>(&let_go), &self);
  const std::string own = self.dli_fname;
  const char* variable = std::getenv("TF_CPP_MIN_LOG_LEVEL");
  const int level = variable == nullptr ? 0 : std::atoi(variable);
  const int fatal[] = {SIGABRT, SIGSEGV};
  decltype(signal(SIGABRT, SIG_DFL)) handlers[2] = {};
  if (level > 0) hold_back();
  if (own_stderr >= 0) {
    for (int each = 0; each < 2; each++) handlers[each] = signal(fatal[each], tell_and_die);
  }
  napi_value result = nullptr;
  void* library = dlopen((own.substr(0, own.rfind('/') + 1) + "tfjs_tensorflow.node").c_str(), RTLD_NOW);
  if (library == nullptr) {
    napi_throw_error(env, nullptr, dlerror());
  } else {
    set_level(level);
    const auto start = dlsym(library, "napi_register_module_v1");
    result = reinterpret_cast<napi_value (*)(napi_env, napi_value)>(start)(env, exports);
  }
  if (own_stderr >= 0) {
    for (int each = 0; each < 2; each++) signal(fatal[each], handlers[each]);
  }
  let_go();
  return result;
}
