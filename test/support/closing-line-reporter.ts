import { relative } from 'node:path';
import type { SerializedError } from 'vitest';
import type { Reporter, TestCase, TestModule, TestRunEndReason } from 'vitest/node';

/** Says loudly what was left out and why, and ends the run's output with the line `N passed, N failed`. */
export class ClosingLineReporter implements Reporter {
  onTestRunEnd(
    modules: readonly TestModule[],
    unhandledErrors: readonly SerializedError[],
    reason: TestRunEndReason,
  ): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const passed = tests.filter((test) => test.result().state === 'passed').length;
    const skipped = tests.filter((test) => test.result().state === 'skipped');
    const failedTests = tests.filter((test) => test.result().state === 'failed').length;
    // A file that cannot be loaded, a failed hook and an error outside of any test are failures too.
    const faults = modules.reduce((count, module) => count + countFaults(module), unhandledErrors.length);
    const counted = failedTests + faults;
    const failed = reason === 'passed' ? counted : Math.max(1, counted);

    const lines = skipped.length === 0 ? [] : ['', `*** LEFT OUT: ${skipped.length} tests`, ...toReasons(skipped), ''];
    const skippedCount = skipped.length === 0 ? '' : `, ${skipped.length} skipped`;
    lines.push(`${passed} passed, ${failed} failed${skippedCount}`);
    // At exit, since other reporters and the teardown of the run may print after this moment.
    process.once('exit', () => process.stdout.write(`${lines.join('\n')}\n`));
  }
}

function countFaults(module: TestModule): number {
  const suites = [...module.children.allSuites()];
  return module.errors().length + suites.reduce((count, suite) => count + suite.errors().length, 0);
}

function toReasons(skipped: readonly TestCase[]): string[] {
  return skipped.map((test) => {
    const result = test.result();
    const reason = (result.state === 'skipped' && result.note) || 'no reason given';
    return `***   ${relative(process.cwd(), test.module.moduleId)} > ${test.fullName}: ${reason}`;
  });
}
