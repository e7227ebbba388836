// Loads tfjs_tensorflow.node, the binding itself, without what TensorFlow writes to stderr while it is loaded: it does so
// before anybody can tell it that TF_CPP_MIN_LOG_LEVEL says otherwise.

#include <dlfcn.h>
#include <fcntl.h>
#include <node_api.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

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

static void* load(const std::string& path, bool is_quiet) {
  const int kept = is_quiet ? dup(STDERR_FILENO) : -1;
  const int nowhere = is_quiet ? open("/dev/null", O_WRONLY) : -1;
  if (kept >= 0 && nowhere >= 0) dup2(nowhere, STDERR_FILENO);
  void* library = dlopen(path.c_str(), RTLD_NOW);
  if (kept >= 0) dup2(kept, STDERR_FILENO);
  for (const int descriptor : {kept, nowhere}) {
    if (descriptor >= 0) close(descriptor);
  }
  return library;
}

NAPI_MODULE_INIT() {
  Dl_info self;
  dladdr(reinterpret_cast<void*>(&load), &self);
  const std::string own = self.dli_fname;
  const char* variable = std::getenv("TF_CPP_MIN_LOG_LEVEL");
  const int level = variable == nullptr ? 0 : std::atoi(variable);
  void* library = load(own.substr(0, own.rfind('/') + 1) + "tfjs_tensorflow.node", level > 0);
  if (library == nullptr) {
    napi_throw_error(env, nullptr, dlerror());
    return nullptr;
  }
  set_level(level);
  return reinterpret_cast<napi_value (*)(napi_env, napi_value)>(dlsym(library, "napi_register_module_v1"))(env, exports);
}
