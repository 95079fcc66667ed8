import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Small files, most of them: where it has no record of an earlier run, vitest would begin them last. */
const longest = ['/random-bank-answers-', '/load-cycle.test', '/test/e2e/'];

/** What takes minutes begins first, so that no worker is idle while another one is still at it. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((a, b) => placeOf(a) - placeOf(b));
  }
}

function placeOf({ moduleId }: TestSpecification): number {
  const place = longest.findIndex((part) => moduleId.includes(part));
  return place < 0 ? longest.length : place;
}
