import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { runProgram } from '../support/cli.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const native = inject('native');
const title = 'reason' in native ? `the native binding (${native.reason})` : 'the native binding';
const temporary = temporaryFolder();

describe.skipIf('reason' in native)(title, () => {
  const { folder } = native as { readonly folder: string };

  test('keeps the memory that is freed: tensors of 16 MiB come and go without a page fault for each page', async () => {
    const script = `
      const { startBackend } = await import(${JSON.stringify(new URL('../../dist/src/runtime/start-backend.js', import.meta.url))});
      const { tf } = await startBackend('tfjs-node-gpu');
      const x = tf.ones([2 ** 22]);
      const compute = (times) => { for (let each = 0; each < times; each++) tf.relu(x).dispose(); };
      compute(32);
      const before = process.resourceUsage().minorPageFault;
      compute(32);
      console.log(process.resourceUsage().minorPageFault - before);`;
    const words = ['--input-type=module', '--eval', script];
    const { code, stdout } = await runProgram(process.execPath, words, { env: { SE_RETROFIT_NATIVE: folder } });
    expect(code).toBe(0);
    // The 32 tensors have 131,072 pages.
    expect(Number(stdout)).toBeLessThan(13_000);
  });

  /** Loads a library that stands where the binding with TensorFlow does: it writes to stderr, and does what is said besides. */
  async function loadWriting(lines: readonly string[], besides = '', level = '2') {
    const place = mkdtempSync(join(temporary, 'binding-'));
    const source = join(place, 'tensorflow.cc');
    const text = JSON.stringify(lines.map((line) => `${line}\n`).join(''));
    writeFileSync(
      source,
      `#include <cstdio>
      #include <cstdlib>
      extern "C" void* napi_register_module_v1(void*, void* exports) { fputs(${text}, stderr); ${besides} return exports; }`,
    );
    execFileSync(process.env.CXX ?? 'c++', ['-shared', '-fPIC', source, '-o', join(place, 'tfjs_tensorflow.node')]);
    const binding = join(place, 'binding.node');
    const built = join(folder, 'node_modules', '@tensorflow', 'tfjs-node-gpu', 'lib', 'napi-v8', 'tfjs_binding.node');
    copyFileSync(built, binding);
    const words = ['--eval', `require(${JSON.stringify(binding)}); console.error('loaded');`];
    return runProgram(process.execPath, words, { env: { TF_CPP_MIN_LOG_LEVEL: level } });
  }

  const CHATTER = [
    'WARNING: All log messages before absl::InitializeLog() is called are written to STDERR',
    'I0000 00:00:1796000000.000000   12345 cpu_feature_guard.cc:227] This TensorFlow binary is optimized.',
    'To enable the following instructions: AVX2 FMA, in other operations, rebuild TensorFlow.',
    'E0000 00:00:1796000000.000000   12345 cuda_platform.cc:52] failed call to cuInit: INTERNAL: CUDA error',
    '2026-11-28 22:00:00.000000: I external/local_xla/xla/tsl/cuda/cudart_stub.cc:31] Could not find cuda drivers.',
    '2026-11-28 22:00:00.000000: W tensorflow/core/common_runtime/gpu/gpu_device.cc:2431] Cannot dlopen some GPU libraries.',
    '2026-11-28 22:00:00.000000: E external/local_xla/xla/stream_executor/cuda/cuda_fft.cc:467] Unable to register cuFFT factory',
  ];
  const ERRORS = [
    '2026-11-28 22:00:00.000000: E tensorflow/core/framework/op.cc:1] an operation is registered twice',
    'E0000 00:00:1796000000.000000   12345 gpu_device.cc:1] the memory of the GPU is full',
    'some library: no such symbol',
  ];

  test("lets no chatter of TensorFlow's through, and every error", async () => {
    const { code, stderr } = await loadWriting([CHATTER[0]!, ERRORS[0]!, ...CHATTER.slice(1), ...ERRORS.slice(1)]);
    expect(code).toBe(0);
    expect(stderr.split('\n')).toEqual([...ERRORS, 'loaded', '']);
  });

  test('lets everything through where TF_CPP_MIN_LOG_LEVEL asks for it', async () => {
    const { stderr } = await loadWriting(CHATTER, '', '0');
    expect(stderr.split('\n')).toEqual([...CHATTER, 'loaded', '']);
  });

  test('says all that was said when TensorFlow aborts', async () => {
    const { code, stderr } = await loadWriting([CHATTER[1]!, ERRORS[0]!], 'abort();');
    expect(code).toBe(null);
    expect(stderr.split('\n')).toEqual([CHATTER[1], ERRORS[0], '']);
  });
});
